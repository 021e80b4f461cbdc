"""The plugin inside a strict stand-in for collectd, with servers that say what the test needs."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from collectd_plugin import plugin as module
from collectd_plugin.plugin import Plugin
from gearmang.protocol import (
    AdminError,
    FunctionStatus,
    Peer,
    PriorityStatus,
    QueuedJob,
    TimedOut,
)
from gearmang.protocol.key import JobKey, mark_of
from gearmang.protocol.server import Server
from gearmang.watch.movement import UNKNOWN, UNSERVED, VERDICTS
from gearmang.watch.poll import Snapshot
from tests.daemons.strict_collectd import Node, StrictCollectd

SERVER = Server("gm1")
NODE = Node("Server", "gm1")
LOST = TimedOut(SERVER, "gave no answer")


def snapshot(*functions: FunctionStatus, pid: int = 7, **more: object) -> Snapshot:
    return Snapshot(SERVER, functions, (), "1.1.20", pid, 0.01, **more)  # type: ignore[arg-type]


class Run:
    """A plugin whose polls give prepared answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *nodes: Node) -> None:
        self.collectd = StrictCollectd()
        self.answers: list[Snapshot | AdminError | Exception] = []
        monkeypatch.setattr(module, "poll", self._poll)
        # Reads are as far apart as collectd's, however busy the machine is.
        tens = itertools.count(0.0, 10.0)
        clock = SimpleNamespace(monotonic=lambda: next(tens), time=time.time)
        monkeypatch.setattr(module, "time", clock)
        Plugin(self.collectd).register()
        self.collectd.start(NODE, *nodes)

    def _poll(self, targets: Sequence[object], **_: object) -> list[Snapshot | AdminError]:
        answer = self.answers.pop(0)
        if isinstance(answer, (AdminError, Snapshot)):
            return [answer for _ in targets]
        raise answer

    def read(self, *answers: Snapshot | AdminError | Exception) -> dict[str, float]:
        """Read once for each answer; the series of the last read."""
        for answer in answers:
            self.collectd.dispatched.clear()
            self.answers.append(answer)
            self.collectd.read()
        return self.collectd.latest("gm1:4730")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


def test_a_function_is_reported_under_its_name_and_in_the_total(run: Run) -> None:
    seen = run.read(snapshot(FunctionStatus("resize", 7, 2, 4), FunctionStatus("mail", 1, 0, 0)))
    assert seen["gauge-up"] == 1
    assert seen["response_time-status"] == 0.01
    assert seen["duration-poll"] >= 0
    assert (seen["queue_length-resize"], seen["gauge-total-waiting"]) == (5, 6)
    assert (seen["requests-resize"], seen["gauge-total-running"]) == (2, 2)
    assert (seen["threads-resize"], seen["gauge-total-registrations"]) == (4, 4)
    assert seen["count-functions"] == 2


def test_a_poll_ends_before_collectd_reads_again(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def polled(*_: object, timeout: float, **__: object) -> list[Snapshot]:
        given.append(timeout)
        return [snapshot()]

    times = iter(range(0, 1_000, 2))
    run = Run(monkeypatch, Node("Timeout", 3.0))
    monkeypatch.setattr(module, "poll", polled)
    clock = SimpleNamespace(monotonic=lambda: next(times) / 4, time=time.time)
    monkeypatch.setattr(module, "time", clock)
    for _ in range(3):
        run.collectd.read()
    assert given[0] == 3.0
    assert all(one < 3.0 for one in given[1:])
    told = [text for _, text in run.collectd.logged]
    assert len(told) == 1
    assert "option Timeout is 3 s, and collectd reads every" in told[0]


def test_zero_is_reported_and_unknown_is_not(run: Run) -> None:
    seen = run.read(snapshot(FunctionStatus("idle", 0, 0, 0)))
    assert seen["queue_length-idle"] == seen["requests-idle"] == seen["threads-idle"] == 0
    assert "gauge-busy-idle" not in seen  # without workers there is no ratio
    assert "operations_per_second-submitted-idle" not in seen  # one poll knows no rate
    assert not [name for name in seen if name.startswith(("pending", "duration-oldest"))]


def test_an_empty_gearmand_has_totals_of_zero(run: Run) -> None:
    seen = run.read(snapshot())
    assert seen["gauge-total-waiting"] == seen["gauge-total-running"] == 0


def test_a_lost_server_is_down_and_nothing_else_is_said_of_it(run: Run) -> None:
    seen = run.read(LOST)
    assert seen.keys() == {"gauge-up", "duration-poll"}
    assert seen["gauge-up"] == 0


def test_lost_and_found_are_one_line_and_one_notification_each(run: Run) -> None:
    run.read(snapshot(), LOST, LOST, LOST, snapshot(), snapshot())
    assert run.collectd.logged == [
        ("error", "gearmang: gm1:4730 gave no answer"),
        ("notice", "gearmang: gm1:4730 answers again"),
    ]
    assert run.collectd.notifications == [
        (StrictCollectd.NOTIF_FAILURE, "gearmand gm1:4730: gave no answer"),
        (StrictCollectd.NOTIF_OKAY, "gearmand gm1:4730: answers again"),
    ]


def test_a_server_that_is_down_from_the_start_is_told_once(run: Run) -> None:
    run.read(LOST, LOST)
    assert len(run.collectd.notifications) == 1


def test_notifications_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, Node("Notifications", False))
    run.read(LOST)
    assert run.collectd.notifications == []


def test_a_function_that_vanishes_is_zero_once_and_then_absent(run: Run) -> None:
    function = FunctionStatus("resize", 7, 2, 4)
    seen = run.read(snapshot(function), snapshot())
    assert seen["queue_length-resize"] == seen["requests-resize"] == seen["threads-resize"] == 0
    assert not [name for name in run.read(snapshot()) if "resize" in name]


def test_a_function_that_falls_below_the_bound_is_not_reported_as_zero(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Run(monkeypatch, Node("MaxFunctions", 1.0))
    run.read(snapshot(FunctionStatus("a", 9, 0, 0), FunctionStatus("b", 1, 0, 0)))
    seen = run.read(snapshot(FunctionStatus("a", 3, 0, 0), FunctionStatus("b", 9, 0, 0)))
    assert seen["queue_length-b"] == 9
    assert seen["queue_length-_other"] == 3
    assert "queue_length-a" not in seen
    assert [level for level, _ in run.collectd.logged] == ["warning"]
    assert "MaxFunctions 1" in run.collectd.logged[0][1]


def test_odd_names_that_look_alike_have_series_of_their_own(run: Run) -> None:
    names = ["a b", "a_b", "a/b", "a%20b", "\udcff", "_total", "l" * 200 + "1", "l" * 200 + "2", ""]
    seen = run.read(snapshot(*(FunctionStatus(name, at, 0, 0) for at, name in enumerate(names))))
    queues = [seen[name] for name in seen if name.startswith("queue_length-")]
    assert sorted(queues) == [*range(9)]


def test_a_stalled_function_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, Node("StalledPolls", 1.0))
    stuck, moving = FunctionStatus("stuck", 5, 1, 1), FunctionStatus("moving", 5, 1, 1)
    seen = run.read(snapshot(stuck, moving), snapshot(stuck, moving._replace(total=4)))
    assert (seen["gauge-stalled-stuck"], seen["gauge-stalled-moving"]) == (1, 0)
    assert seen["gauge-total-stalled"] == 1


def test_a_restart_of_gearmand_is_counted(run: Run) -> None:
    assert run.read(snapshot(), snapshot(pid=8))["count-restarts"] == 1


def test_workers_and_their_ages_come_from_client_ids(run: Run) -> None:
    started = int(time.time()) - 100
    connections = (
        Peer(1, "h", f"f@h:1+{started}", ("f", "f")),
        Peer(2, "h", f"f@h:2+{started + 60}", ("f",)),
        Peer(3, "h", "whoever", ("f",)),
        Peer(4, "h", "-", ()),
        Peer(5, "h", "-", ()),
    )
    seen = run.read(snapshot(FunctionStatus("f", 0, 0, 4))._replace(connections=connections))
    assert seen["count-workers-f"] == 2
    assert seen["duration-oldest_worker-f"] == pytest.approx(100, abs=5)
    assert seen["current_connections-workers"] == 3
    assert seen["current_connections-clients"] == 1  # without the plugin's own
    assert seen["current_connections-unreadable"] == 1


def test_without_readable_workers_neither_their_number_nor_their_age_is_known(run: Run) -> None:
    seen = run.read(snapshot(FunctionStatus("f", 0, 0, 1), FunctionStatus("g", 0, 0, 0)))
    assert "count-workers-f" not in seen
    assert seen["count-workers-g"] == 0
    assert "duration-oldest_worker-f" not in seen


def test_priorities_are_reported_when_they_are_known(run: Run) -> None:
    rows = (PriorityStatus("f", 1, 2, 3, 0), PriorityStatus("g", 10, 0, 0, 0))
    functions = (FunctionStatus("f", 6, 0, 0), FunctionStatus("g", 10, 0, 0))
    seen = run.read(snapshot(*functions, priorities=rows))
    assert seen["pending_operations-high-f"] == 1
    assert seen["pending_operations-normal-f"] == 2
    assert seen["pending_operations-low-f"] == 3
    assert seen["gauge-total-high"] == 11


def test_ghosts_and_retried_jobs_are_counted_where_jobs_are_listed(run: Run) -> None:
    jobs = (
        QueuedJob("H:vm:1", 0, True, False),
        QueuedJob("H:vm:2", 2, False, True),
        QueuedJob("H:vm:3", 0, False, True),
    )
    seen = run.read(snapshot(FunctionStatus("f", 3, 0, 0), jobs=jobs))
    assert (seen["count-ghosts"], seen["count-retried"]) == (1, 1)


def test_too_many_jobs_to_list_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, Node("Jobs", True))
    run.read(snapshot(), snapshot())
    assert [text for _, text in run.collectd.logged if "MaxJobs" in text] == [
        "gearmang: gm1:4730 has more jobs than MaxJobs 10000; they are not listed"
    ]


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), MemoryError()])
def test_a_read_never_raises(run: Run, error: Exception) -> None:
    assert run.read(error, error) == {}
    assert [level for level, _ in run.collectd.logged] == ["warning"]


def test_a_refused_dispatch_costs_one_server_only(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, Node("Server", "gm2"))
    real = run.collectd.Values

    def refuse(*, plugin: str, plugin_instance: str) -> object:
        if plugin_instance == "gm1:4730":
            raise RuntimeError("no")
        return real(plugin=plugin, plugin_instance=plugin_instance)

    monkeypatch.setattr(run.collectd, "Values", refuse)
    run.read(snapshot(), snapshot())
    assert run.collectd.latest("gm2:4730")["gauge-up"] == 1
    assert len(run.collectd.logged) == 1


def test_a_bad_option_is_one_error_line_and_no_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, Node("Timeout", "soon"))
    assert run.collectd.reads == {}
    assert run.collectd.logged == [
        (
            "error",
            "gearmang: option Timeout: 'soon' is no number of 0 or more; "
            "until then nothing is polled",
        )
    ]


def test_interval_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, Node("Interval", 7.0), Node("DeadLetters", "/no/such.db"))
    assert [interval for _, interval, _ in run.collectd.reads.values()] == [7.0, 7.0]


def test_a_store_that_cannot_be_read_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, Node("DeadLetters", "/no/such.db"))
    run.read(snapshot(), snapshot())
    assert len(run.collectd.logged) == 1
    assert (
        "no dead letters are counted: there is no store at /no/such.db"
        in (run.collectd.logged[0][1])
    )


def test_invented_names_do_not_fill_the_memory(run: Run) -> None:
    for lap in range(40):
        run.read(snapshot(*(FunctionStatus(f"{lap}-{at}", 0, 0, 0) for at in range(100))))
    callback = run.collectd.reads["gearmang"][0]
    watched = callback.__self__._watched[0]  # type: ignore[attr-defined]
    assert len(watched.series.plain) < 1_500


def a_key(age: float, function: str) -> str:
    return str(JobKey("0" * 31 + "7", time.time() - age, mark_of(function)))


def test_the_oldest_waiting_and_running_jobs_tell_their_ages(run: Run) -> None:
    started = int(time.time()) - 300
    connections = (Peer(1, "h", f"f@h:1#1+{started}~{started + 100}", ("f",)),)
    functions = (FunctionStatus("f", 2, 1, 1), FunctionStatus("g", 0, 0, 0))
    keys = (a_key(900, "f"), a_key(60, "f"))
    seen = run.read(snapshot(*functions, keys=keys)._replace(connections=connections))
    assert seen["duration-waiting-f"] == pytest.approx(60, abs=5)
    assert seen["duration-running-f"] == pytest.approx(200, abs=5)
    assert "duration-waiting-g" not in seen


def test_a_queue_that_becomes_empty_ends_in_one_zero(run: Run) -> None:
    full, empty = FunctionStatus("f", 1, 0, 0), FunctionStatus("f", 0, 0, 0)
    seen = run.read(snapshot(full, keys=(a_key(9, "f"),)), snapshot(empty))
    assert seen["duration-waiting-f"] == seen["gauge-flow-f"] == 0
    assert "gauge-flow-f" not in run.read(snapshot(empty))


def test_a_function_that_vanishes_with_its_jobs_has_no_verdict_left(run: Run) -> None:
    seen = run.read(snapshot(FunctionStatus("f", 1, 0, 0)), snapshot())
    assert seen["gauge-flow-f"] == 0


def test_the_age_of_jobs_without_a_time_is_not_reported(run: Run) -> None:
    assert "duration-waiting-f" not in run.read(snapshot(FunctionStatus("f", 1, 0, 1)))


def test_a_queue_without_workers_is_reported_as_unserved(run: Run) -> None:
    functions = (FunctionStatus("f", 2, 0, 0), FunctionStatus("g", 0, 0, 1))
    seen = run.read(snapshot(*functions), snapshot(*functions))
    assert seen["gauge-flow-f"] == VERDICTS.index(UNSERVED)
    assert "gauge-flow-g" not in seen


def test_a_restart_begins_the_window_of_movement_anew(run: Run) -> None:
    function = FunctionStatus("f", 2, 0, 0)
    seen = run.read(snapshot(function), snapshot(function), snapshot(function, pid=8))
    assert seen["gauge-flow-f"] == VERDICTS.index(UNKNOWN)


def test_one_worker_of_four_functions_with_one_job_is_busy(run: Run) -> None:
    connections = (Peer(1, "h", "-", tuple("abcd")), Peer(2, "h", "-", ()))
    functions = [FunctionStatus(name, int(name == "a"), int(name == "a"), 1) for name in "abcd"]
    seen = run.read(snapshot(*functions)._replace(connections=connections))
    assert seen["gauge-total-busy"] == seen["gauge-busy-b"] == 1.0
    assert seen["gauge-total-registrations"] == 4


def test_a_connection_that_holds_five_jobs_is_not_more_than_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Run(monkeypatch, Node("Workers", False))
    seen = run.read(snapshot(FunctionStatus("f", 5, 5, 1)))
    assert seen["gauge-busy-f"] == seen["gauge-total-busy"] == 1.0


def test_sums_are_of_another_type_than_their_parts(run: Run) -> None:
    functions = [FunctionStatus(name, 3, 1, 2) for name in "abc"]
    seen = run.read(snapshot(*functions))
    for kind, total in (("queue_length", 6), ("requests", 3), ("threads", 6)):
        assert sum(seen[name] for name in seen if name.startswith(f"{kind}-")) == total


def test_without_idle_a_function_is_reported_when_it_changes_or_has_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Run(monkeypatch, Node("Idle", False))
    busy, idle = FunctionStatus("busy", 3, 0, 1), FunctionStatus("idle", 0, 0, 1)
    assert "queue_length-idle" in run.read(snapshot(busy, idle))
    seen = run.read(snapshot(busy, idle))
    assert "queue_length-idle" not in seen
    assert seen["queue_length-busy"] == 3
    assert "queue_length-idle" in run.read(snapshot(busy, idle._replace(workers=2)))
    assert run.read(snapshot(busy._replace(total=0), idle._replace(workers=2))) != {}
    assert seen["gauge-total-waiting"] == 3
