"""Whether jobs ended between two looks."""

from __future__ import annotations

from gearmang.protocol import FunctionStatus, QueuedJob
from gearmang.protocol.key import JobKey, mark_of
from gearmang.watch.evidence import Numbers, ended, numbers_of, restarted, witness


def key(job: int, at: float) -> str:
    return str(JobKey(f"{job:032x}", 1_795_000_000.0 + at, mark_of("f")))


FIRST = [key(1, 10), key(2, 20)]


def over(*now: str) -> bool | None:
    before = witness(FIRST, total=2)
    assert before is not None
    found = ended(before, now)
    assert ended(before, now, witness(now, len(now))) == found
    return found


def test_the_same_jobs_in_another_order_have_not_ended() -> None:
    assert over(*reversed(FIRST)) is False


def test_more_jobs_behind_them_end_none() -> None:
    assert over(*FIRST, key(3, 30)) is False


def test_a_job_that_is_missing_has_ended() -> None:
    assert over(FIRST[1], key(3, 30)) is True
    assert over() is True


def test_a_job_under_an_earlier_time_leaves_it_open() -> None:
    assert over(FIRST[1], key(3, 5)) is None


def test_jobs_that_do_not_all_have_keys_witness_nothing() -> None:
    assert witness(FIRST, total=3) is None
    assert witness([], total=0) is None


def handles(*numbers: int) -> list[QueuedJob]:
    return [QueuedJob(f"H:vm:{number}", 0, ghost=False, background=True) for number in numbers]


def test_jobs_are_numbered_where_all_that_are_counted_are_listed() -> None:
    counted = [FunctionStatus("f", 2, 0, 1), FunctionStatus("g", 1, 1, 1)]
    assert numbers_of(handles(7, 8, 9), counted) == frozenset({7, 8, 9})
    assert numbers_of(handles(7, 8), counted) is None, "one ended meanwhile"
    assert numbers_of(None, counted) is None
    odd = [*handles(7, 8), QueuedJob("elsewhere", 0, ghost=False, background=True)]
    assert numbers_of(odd, counted) is None


def test_a_server_that_counts_anew_was_restarted() -> None:
    assert restarted({41, 43}, {42})
    assert not restarted({41, 43}, {43, 44})
    assert not restarted({41, 43}, {44})
    assert not restarted(set(), {1})


def test_nothing_ended_where_no_job_of_the_server_is_gone() -> None:
    assert Numbers.between(frozenset({1, 2}), frozenset({1, 2, 3})).none_ended(grown=0)
    assert not Numbers.between(frozenset({1, 2}), frozenset({2, 3})).none_ended(grown=0)


def test_nothing_of_a_function_ended_where_it_grew_by_all_that_came() -> None:
    look = Numbers.between(frozenset({1, 2, 3}), frozenset({1, 2, 4}))
    assert look.none_ended(grown=1)
    assert Numbers.between(frozenset({1, 2, 3}), frozenset({1, 2})).none_ended(grown=0)
