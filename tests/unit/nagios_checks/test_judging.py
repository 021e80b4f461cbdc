"""The verdicts of single checks, on snapshots made by hand."""

from __future__ import annotations

import pytest
from nagiosplugin.state import Critical, Ok, Unknown, Warn

from gearmang.protocol import FunctionStatus, Peer
from gearmang.protocol.server import Server
from gearmang.watch.poll import Snapshot
from gearmang.watch.worker_id import WorkerId
from nagios_checks import ages, seen
from nagios_checks.ages import WorkerAge, by_id, judge_workers
from nagios_checks.probe import Echo
from nagios_checks.queues import judge_queue
from nagios_checks.roundtrip import judge_echo
from nagios_checks.rules import FunctionRules
from nagios_checks.server import VersionRange, judge_log_level
from nagios_checks.thresholds import BadValue, Limits, duration_range, number_range
from nagios_checks.workers import judge_snapshot

NOW = 1_800_000_000.0
EVERY = FunctionRules((), (), Limits(critical=number_range("1:")))


def snapshot(
    functions: tuple[FunctionStatus, ...] = (), connections: tuple[Peer, ...] = ()
) -> Snapshot:
    return Snapshot(Server("gm1"), functions, connections, "1.1.20", 99, 0.001)


@pytest.mark.parametrize(
    ("status", "verdict", "text"),
    [
        (FunctionStatus("f", 5, 5, 5), Ok, "f has 0 waiting"),
        (FunctionStatus("f", 15, 5, 5), Warn, "f has 10 waiting (limit 5)"),
        (FunctionStatus("f", 3, 0, 0), Critical, "f has 3 waiting and no workers"),
        (FunctionStatus("f", 9, 0, 0), Critical, "f has 9 waiting (limit 5) and no workers"),
        (FunctionStatus("f", 0, 0, 0), Ok, "f has 0 waiting"),
    ],
)
def test_a_queue(status: FunctionStatus, verdict: object, text: str) -> None:
    found = judge_queue(status, Limits(number_range("5")), "waiting", Critical)
    assert (found.state, found.text) == (verdict, text)


def test_jobs_that_wait_without_workers_do_not_lower_a_verdict() -> None:
    limits = Limits(critical=number_range("1"))
    assert judge_queue(FunctionStatus("f", 3, 0, 0), limits, "waiting", Warn).state == Critical


def test_workers_are_counted_by_connection() -> None:
    twice = Peer(7, "h", "-", ("f", "f"))
    (found,) = judge_snapshot(snapshot((FunctionStatus("f", 0, 0, 2),), (twice,)), EVERY, (), None)
    assert found.text == "f has 1 worker"


def test_busy_workers_are_a_per_cent_of_all() -> None:
    both = tuple(Peer(fd, "h", "-", ("f",)) for fd in (7, 8))
    look = snapshot((FunctionStatus("f", 9, 1, 2),), both)
    busy = Limits(number_range("40"), number_range("60"))
    (found,) = judge_snapshot(look, EVERY, (), busy)
    assert (found.state, found.text) == (Warn, "f has 2 workers, 50% busy (limit 40%)")


def test_an_expected_function_is_judged_though_it_is_not_selected() -> None:
    nothing = FunctionRules((), ("*",), Limits(critical=number_range("1:")))
    look = snapshot((FunctionStatus("f", 0, 0, 0),))
    states = [found.state for found in judge_snapshot(look, nothing, ("f", "g"), None)]
    assert states == [Critical, Critical]


def test_an_age_comes_from_the_client_id() -> None:
    worker = WorkerId("f", "h", 12, int(NOW) - 60)
    assert by_id(Peer(7, "h", str(worker), ("f",)), NOW) == WorkerAge("pid 12 on h", 60)


@pytest.mark.parametrize("client_id", ["-", "", "f@h:12", f"f@h:12+{int(NOW) + 3600}"])
def test_an_id_without_a_start_that_can_be_is_no_age(client_id: str) -> None:
    assert by_id(Peer(7, "h", client_id, ("f",)), NOW).age is None


def test_a_clock_that_differs_a_little_is_an_age_of_0() -> None:
    client_id = f"f@h:12+{int(NOW) + 60}"
    assert by_id(Peer(7, "h", client_id, ("f",)), NOW).age == 0


def test_the_oldest_worker_is_judged_and_one_without_age_warns() -> None:
    limits = Limits(critical=duration_range("1h"))
    found = judge_workers(
        "f", [WorkerAge("a", 10), WorkerAge("b", 7200), WorkerAge("c", None)], limits
    )
    assert found.state == Critical
    assert found.text == (
        "oldest worker of f is 2h old (limit 1h): b, 1 worker of f without a readable id: c"
    )
    assert judge_workers("f", [WorkerAge("a", 10), WorkerAge("c", None)], limits).state == Warn


def test_a_connection_keeps_the_time_of_its_first_sight() -> None:
    old, new = (Peer(fd, "h", "-", ("f",)) for fd in (7, 8))
    first = seen.update({}, snapshot(connections=(old,)), NOW)
    second = seen.update(first, snapshot(connections=(old, new)), NOW + 60)
    assert second == {seen.name_of(99, old): NOW, seen.name_of(99, new): NOW + 60}
    assert seen.update(second, snapshot(connections=(new,)), NOW + 90) == {
        seen.name_of(99, new): NOW + 60
    }


def test_connections_of_a_restarted_gearmand_are_new() -> None:
    one = Peer(7, "h", "-", ("f",))
    first = seen.update({}, snapshot(connections=(one,)), NOW)
    again = snapshot(connections=(one,))._replace(pid=100)
    assert list(seen.update(first, again, NOW + 60).values()) == [NOW + 60]


def test_clients_and_monitors_are_not_watched() -> None:
    assert seen.update({}, snapshot(connections=(Peer(7, "h", "-", ()),)), NOW) == {}
    assert ages.CLOCK_SKEW > 0


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1.1.19:", ["1.1.19", "1.1.20+ds", "2.0"], ["1.1.18", "1.0.6"]),
        (":1.1", ["1.1.20+ds", "1.0"], ["1.2", "2.0.0"]),
        ("1.1.19:1.1.21", ["1.1.19", "1.1.21-rc1"], ["1.1.18", "1.1.22"]),
        ("1.1", ["1.1", "1.1.20"], ["1.0.9", "1.2"]),
        ("1.1.20", ["1.1.20+ds"], ["1.1.2", "1.1.21", "unknown"]),
    ],
)
def test_versions(text: str, inside: list[str], outside: list[str]) -> None:
    expected = VersionRange.parse(text)
    assert all(expected.holds(version) for version in inside)
    assert not any(expected.holds(version) for version in outside)


@pytest.mark.parametrize("text", ["", ":", "new", "1.1-", "1:2:3"])
def test_what_is_no_range_of_versions(text: str) -> None:
    with pytest.raises(BadValue):
        VersionRange.parse(text)


@pytest.mark.parametrize(
    ("level", "verdict"), [("ERROR", Warn), ("NOTICE", Ok), ("DEBUG", Ok), (None, Ok)]
)
def test_a_log_level_that_hides_dropped_jobs_warns(level: str | None, verdict: object) -> None:
    assert judge_log_level(level, Warn).state == verdict


@pytest.mark.parametrize(
    ("echo", "verdict"),
    [
        (None, Critical),
        (Echo(0.1), Ok),
        (Echo(2.0), Warn),
        (Echo(None, "came back changed"), Critical),
        (Echo(None, "did not come back", timed_out=True), Unknown),
    ],
)
def test_an_echo(echo: Echo | None, verdict: object) -> None:
    limits = Limits(duration_range("1s"), duration_range("5s"))
    assert judge_echo("echo", echo, limits, too_late=Unknown).state == verdict
