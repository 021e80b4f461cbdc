"""How long jobs have waited and run."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gearmang.protocol import FunctionStatus, Peer
from gearmang.protocol.key import JobKey, mark_of
from gearmang.watch import waits
from gearmang.watch.waits import Queueing, keys_by_function, oldest_running, oldest_waiting

NOW = 1_795_000_000.0


def key(age: float, function: str = "f", not_before: float | None = None, job: int = 7) -> str:
    due = None if not_before is None else int(NOW + not_before)
    return str(JobKey(f"{job:032x}", NOW - age, mark_of(function), not_before=due))


def waiting(keys: Sequence[str], total: int, running: int = 0) -> Queueing | None:
    functions = [FunctionStatus("f", total, running, 1), FunctionStatus("g", 0, 0, 1)]
    return oldest_waiting(functions, keys_by_function(keys, functions), NOW).get("f")


def test_the_oldest_job_of_a_function_tells_how_long_it_waits() -> None:
    found = waiting([key(5), key(60), key(30), key(99, "g")], 3)
    assert found is not None
    assert (found.age(NOW), found.timed, found.exact) == (60.0, 3, True)


def test_the_oldest_jobs_are_taken_for_the_running_ones() -> None:
    found = waiting([key(5), key(60), key(30)], 3, running=2)
    assert found is not None
    assert found.age(NOW) == 5.0


def test_a_job_that_was_queued_again_is_not_taken_for_the_running_one() -> None:
    again = str(JobKey.parse(key(60))._replace(delivery=2, attempt=2))  # type: ignore[union-attr]
    found = waiting([again, key(30), key(5)], 3, running=1)
    assert found is not None
    assert found.age(NOW) == 60.0
    assert waiting([again, key(30)], 2, running=1) == Queueing(NOW - 60, 2, 2)


def test_a_job_that_was_queued_again_for_a_time_is_in_its_turn() -> None:
    later = str(JobKey.parse(key(60, not_before=-20))._replace(delivery=2))  # type: ignore[union-attr]
    found = waiting([later, key(30), key(5)], 3, running=1)
    assert found is not None
    assert found.age(NOW) == 20.0


def test_a_job_whose_time_is_to_come_does_not_wait_yet() -> None:
    found = waiting([key(900, not_before=60), key(5)], 2)
    assert found == Queueing(NOW - 5, 2, 2, ahead=1)


def test_a_job_whose_time_has_come_waits_since_then() -> None:
    found = waiting([key(900, not_before=-60), key(5)], 2)
    assert found == Queueing(NOW - 60, 2, 2)


def test_jobs_of_other_clients_leave_an_older_one_possible() -> None:
    found = waiting(["5f1c-uuid", "", "-", key(5)], 4)
    assert found is not None
    assert (found.age(NOW), found.exact, found.share) == (5.0, False, 0.25)


def test_without_a_time_in_any_job_no_age_is_told() -> None:
    assert waiting(["a"], 1) == Queueing(None, 0, 1)


def test_a_function_in_which_nothing_waits_has_no_oldest_job() -> None:
    assert waiting([key(5)], 1, running=1) is None


def test_two_functions_with_one_mark_are_both_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "_marks", dict.fromkeys("fg", mark_of("f")))
    assert waiting([key(5)], 1) == Queueing(None, 0, 1)


def test_a_key_that_only_looks_like_ours_tells_nothing() -> None:
    forged = key(60)[:26] + "zzzzzzzzzzz" + key(60)[37:]
    found = waiting([forged, key(5)], 2)
    assert found is not None
    assert found.age(NOW) in (5.0, None)


def test_a_clock_that_runs_ahead_gives_the_age_0() -> None:
    found = waiting([key(-30)], 1)
    assert found is not None
    assert found.age(NOW) == 0.0


def test_a_key_with_a_time_of_fewer_digits_is_read_too() -> None:
    old = str(JobKey("0" * 32, 1000.0, mark_of("f")))
    found = waiting([old], 1)
    assert found is not None
    assert found.since == 1000.0


def peer(client_id: str, *functions: str) -> Peer:
    return Peer(1, "127.0.0.1", client_id, functions)


def test_a_slot_that_is_long_at_a_job_tells_how_long_it_runs() -> None:
    connections = [
        peer("f@h:1#1+100~150", "f"),
        peer("f@h:1#2+100~120", "f"),
        peer("f@h:1#3+100", "f"),
        peer("-"),
    ]
    assert oldest_running(connections, 200.0) == {"f": 80.0}


def test_a_worker_of_several_functions_counts_for_the_one_of_its_id() -> None:
    assert oldest_running([peer("g@h:1+100~150", "f", "g")], 200.0) == {"g": 50.0}
    assert oldest_running([peer("x@h:1+100~150", "f", "g")], 200.0) == {}
