"""Whether jobs ended between two looks."""

from gearmang.protocol.key import JobKey, mark_of
from gearmang.watch.evidence import ended, witness


def key(job: int, at: float) -> str:
    return str(JobKey(f"{job:032x}", 1_795_000_000.0 + at, mark_of("f")))


FIRST = [key(1, 10), key(2, 20)]


def over(*now: str) -> bool | None:
    before = witness(FIRST, total=2)
    assert before is not None
    return ended({"f": before}, {"f": now})["f"]


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
