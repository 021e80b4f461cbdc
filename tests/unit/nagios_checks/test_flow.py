"""How queues move and jobs wait, judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nagiosplugin.state import Critical, Ok, Unknown, Warn

from gearmang.protocol import FunctionStatus, Peer
from gearmang.protocol.key import JobKey, mark_of
from gearmang.watch import movement
from gearmang.watch.movement import Flow
from gearmang.watch.waits import Queueing
from nagios_checks import flow
from nagios_checks.flow import Clocks, judge_age, judge_flow, state_of
from nagios_checks.thresholds import Limits, duration_range
from tests.unit.nagios_checks.given import NOW, Given, judged, late, snapshot, states

STATUS = FunctionStatus("f", 13, 1, 2)
NO_LIMITS = Clocks(Limits(), Limits(), Limits())
AN_HOUR = Limits(critical=duration_range("1h"))


def key(number: int, age: float) -> str:
    return str(JobKey(f"{number:032x}", NOW - age, mark_of("f")))


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (movement.EMPTY, Ok),
        (movement.KEEPING_UP, Ok),
        (movement.DRAINING, Ok),
        (movement.GROWING, Warn),
        (movement.STARVED, Warn),
        (movement.UNKNOWN, Unknown),
        (movement.STUCK, Critical),
        (movement.HUNG, Critical),
        (movement.UNSERVED, Critical),
    ],
)
def test_each_verdict_has_its_state_and_its_words(verdict: str, state: object) -> None:
    assert state_of(Flow(verdict, 12)) == state
    found = judge_flow(STATUS, Flow(verdict, 12), None, None, NO_LIMITS, NOW)
    assert found.state == state
    assert found.text.startswith("f ")
    assert ("12 waiting" in found.text) == (verdict != movement.EMPTY)


def test_a_state_comes_of_every_verdict_that_there_is() -> None:
    known = movement.OK | movement.WARNING | movement.CRITICAL | {movement.UNKNOWN}
    assert known == set(movement.VERDICTS)


def test_how_fast_it_grows_and_how_soon_it_is_empty_are_told() -> None:
    grows = Flow(movement.GROWING, 12, rate=0.5)
    text = judge_flow(STATUS, grows, None, None, NO_LIMITS, NOW).text
    assert text == "f grows by 30 a minute, 12 waiting"
    drains = Flow(movement.DRAINING, 12, rate=-0.1, drain=120.0)
    limits = NO_LIMITS._replace(drain=Limits(duration_range("1m")))
    found = judge_flow(STATUS, drains, None, None, limits, NOW)
    assert found.text == ("f is draining, empty in 2m, 12 waiting, it needs to drain 2m (limit 1m)")
    assert found.state == Warn


def test_a_window_that_is_not_whole_says_how_far_it_is() -> None:
    text = judge_flow(
        STATUS, Flow(movement.UNKNOWN, 12, span=60.0), None, None, NO_LIMITS, NOW
    ).text
    assert text.endswith("not known yet (watched for 1m of 10m)")
    text = judge_flow(STATUS, Flow(movement.UNKNOWN, 12, span=600), None, None, NO_LIMITS, NOW).text
    assert text.endswith("not told by the keys of its jobs")


def test_an_age_that_all_jobs_tell_is_judged() -> None:
    queueing = Queueing(NOW - 7200, 13, 13)
    assert judge_age(Flow(movement.KEEPING_UP, 12), queueing, AN_HOUR, NOW) == (7200, Critical)


def test_an_age_that_some_jobs_tell_is_at_least_that() -> None:
    flow_ = Flow(movement.KEEPING_UP, 12)
    assert judge_age(flow_, Queueing(NOW - 7200, 5, 13), AN_HOUR, NOW) == (7200, Critical)
    assert judge_age(flow_, Queueing(NOW - 60, 5, 13), AN_HOUR, NOW) == (60, Unknown)
    assert judge_age(flow_, Queueing(NOW - 60, 5, 13), Limits(), NOW) == (60, Ok)


def test_a_queue_that_was_empty_lately_holds_no_older_job() -> None:
    lately = Flow(movement.KEEPING_UP, 12, empty_at=NOW - 300)
    assert judge_age(lately, Queueing(None, 0, 13), AN_HOUR, NOW) == (None, Ok)
    long_ago = lately._replace(empty_at=NOW - 7200)
    assert judge_age(long_ago, Queueing(None, 0, 13), AN_HOUR, NOW) == (None, Unknown)


def test_jobs_for_times_to_come_do_not_wait() -> None:
    scheduled = Queueing(None, 13, 13, ahead=13)
    assert judge_age(Flow(movement.KEEPING_UP, 12), scheduled, AN_HOUR, NOW) == (None, Ok)


def test_a_job_that_runs_too_long_is_told() -> None:
    limits = NO_LIMITS._replace(running=AN_HOUR)
    found = judge_flow(STATUS, Flow(movement.EMPTY, 0), None, 7200.0, limits, NOW)
    assert (found.state, found.text) == (
        Critical,
        "f is empty, its oldest running job has run 2h (limit 1h)",
    )
    assert [series.quantity for series in found.series] == ["", "flow", "running"]


def options(tmp_path: Path, *more: str) -> tuple[str, ...]:
    return ("-H", "gm1", "--state", str(tmp_path / "flow.json"), *more)


def look(given: Given, seconds: float) -> Given:
    """The next run, so many seconds later."""
    following = Given(*given.given.values())
    following.now = given.now + seconds
    return following


def test_what_was_seen_is_kept_from_run_to_run(tmp_path: Path) -> None:
    given = Given(snapshot(("f", 3, 0, 0)))
    first = judged(flow, given, *options(tmp_path))
    assert states(first)[0][0] == "unknown"
    second = judged(flow, look(given, 60), *options(tmp_path))
    assert states(second) == [("critical", "f is unserved: no workers, 3 waiting")]
    assert (tmp_path / "flow.json").stat().st_mode & 0o777 == 0o600


def test_two_services_of_one_run_share_the_look(tmp_path: Path) -> None:
    given = Given(snapshot(("f", 3, 0, 0)))
    judged(flow, given, *options(tmp_path))
    following = look(given, 60)
    both = [judged(flow, following, *options(tmp_path)) for _ in range(2)]
    assert states(both[0]) == states(both[1])
    assert states(both[1])[0][0] == "critical"


def test_a_restarted_server_and_another_window_begin_anew(tmp_path: Path) -> None:
    given = Given(snapshot(("f", 3, 0, 0)))
    judged(flow, given, *options(tmp_path))
    restarted = look(Given(snapshot(("f", 3, 0, 0))._replace(pid=100)), 60)
    assert states(judged(flow, restarted, *options(tmp_path)))[0][0] == "unknown"
    other = options(tmp_path, "--window", "1h")
    assert states(judged(flow, look(given, 60), *other))[0][0] == "unknown"


def test_servers_that_nobody_asks_about_are_forgotten(tmp_path: Path) -> None:
    given = Given(snapshot(("f", 3, 0, 0), host="gm2"), snapshot(host="gm1"))
    judged(flow, given, "-H", "gm2", "--state", str(tmp_path / "flow.json"))
    judged(flow, look(given, 2 * flow.FORGET_AFTER), *options(tmp_path))
    kept = json.loads((tmp_path / "flow.json").read_text())["servers"]
    assert [name.split()[0] for name in kept] == ["gm1:4730"]


def test_the_age_of_the_oldest_job_comes_from_its_key(tmp_path: Path) -> None:
    one = snapshot(("f", 2, 0, 1))._replace(keys=(key(1, 7200), key(2, 60)))
    report = judged(flow, Given(one), *options(tmp_path, "--function", "f=,1h"))
    assert "its oldest job has waited 2h (limit 1h)" in states(report)[0][1]


def test_the_time_of_a_running_job_comes_from_its_workers_id(tmp_path: Path) -> None:
    worker = Peer(7, "h", f"f@h:9+{int(NOW - 9000)}~{int(NOW - 7200)}", ("f",))
    given = Given(snapshot(("f", 1, 1, 1), peers=(worker,)))
    report = judged(flow, given, *options(tmp_path, "--running", "1h,"))
    assert states(report) == [
        ("warning", "f is empty, its oldest running job has run 2h (limit 1h)")
    ]


def test_a_server_that_cannot_be_read_and_a_state_that_cannot_be_kept(tmp_path: Path) -> None:
    assert states(judged(flow, Given(late("gm1")), *options(tmp_path))) == [
        ("critical", "gm1:4730 gave no answer in time")
    ]
    (tmp_path / "flow.json").write_text("torn {")
    report = judged(flow, Given(snapshot()), *options(tmp_path))
    assert states(report)[0][0] == "critical"
    assert "remove it to begin anew, see --state" in states(report)[0][1]


def test_a_gearmand_without_functions_has_no_queue_that_stands(tmp_path: Path) -> None:
    report = judged(flow, Given(snapshot()), *options(tmp_path))
    assert states(report) == [("ok", "no function is known")]
    report = judged(flow, Given(snapshot(("f", 0, 0, 1))), *options(tmp_path, "--function", "g"))
    assert states(report) == [("unknown", "no function matches g")]
