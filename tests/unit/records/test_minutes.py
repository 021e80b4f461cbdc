"""Jobs by minute: each counts once, by its last attempt."""

from __future__ import annotations

import json

import pytest

from gearmang.records.attempts import Attempted
from gearmang.records.minutes import MOST_KNOWN, Minutes

NOW = 1_795_000_000.0
BOUND, SPANS = 30.0, (300.0, 3_600.0)


def attempt(
    job: str | None = "a", ago: float = 100.0, *, outcome: str = "success", took: float = 1.0,
    waited: float | None = 0.0, weight: float = 1.0, event: str = "",
) -> Attempted:  # fmt: skip
    ended = NOW - ago
    name = event or f"{job} {ago} {outcome}"
    started, failed = ended - took, outcome == "failure"
    return Attempted(name, "f", started, ended, took, waited, failed, weight, job, outcome)


def counted(*attempts: Attempted, bound: float = BOUND) -> list[list[float]]:
    minutes = Minutes([BOUND, 5.0])
    for one in attempts:
        minutes.add(one)
    return minutes.judged(bound, SPANS, NOW).get("f", [])


def test_a_job_that_came_to_a_good_end_in_time_is_good() -> None:
    assert counted(attempt("a", 100), attempt("b", 200)) == [[2, 0], [2, 0]]


def test_a_job_counts_in_the_spans_in_which_it_ended() -> None:
    assert counted(attempt("a", 100), attempt("b", 1_000)) == [[1, 0], [2, 0]]


def test_late_is_counted_from_the_submission_for_each_bound() -> None:
    late = attempt(waited=20.0, took=2.0)
    assert counted(late) == [[1, 0], [1, 0]]
    assert counted(late, bound=5.0) == [[1, 1], [1, 1]]


def test_a_job_whose_last_attempt_failed_died() -> None:
    assert counted(attempt(outcome="failure"), attempt("b")) == [[2, 1], [2, 1]]


def test_a_failed_attempt_of_a_job_that_came_again_in_time_is_not_counted() -> None:
    again = attempt(ago=95, waited=5.0, took=1.0)
    assert counted(attempt(outcome="failure"), again) == [[1, 0], [1, 0]]


def test_an_earlier_attempt_that_is_read_late_changes_nothing() -> None:
    first, second = attempt(ago=100, outcome="failure"), attempt(ago=90, outcome="failure")
    third = attempt(ago=80, waited=19.0)._replace(again=True)
    assert counted(second, third, first) == [[1, 0], [1, 0]]
    assert counted(third, second, first) == [[1, 0], [1, 0]]


def test_a_job_that_came_again_too_late_is_bad_once() -> None:
    again = attempt(ago=40, waited=60.0)
    assert counted(attempt(outcome="failure"), again) == [[1, 1], [1, 1]]


def test_a_job_that_failed_and_may_still_end_well_in_time_is_not_judged_yet() -> None:
    assert counted(attempt(ago=10, outcome="failure"), attempt("b")) == [[1, 0], [1, 0]]


def test_an_attempt_of_unknown_outcome_comes_again() -> None:
    assert counted(attempt(outcome="unknown")) == []


def test_a_sampled_job_counts_for_all_it_stands_for() -> None:
    assert counted(attempt(weight=10.0)) == [[10, 0], [10, 0]]


def test_a_record_that_is_shipped_again_counts_once() -> None:
    assert counted(attempt(event="e"), attempt(event="e")) == [[1, 0], [1, 0]]


def test_jobs_without_an_id_count_each() -> None:
    lost = [attempt(None, ago, outcome="failure") for ago in (100, 101)]
    assert counted(*lost) == [[2, 2], [2, 2]]


def test_what_is_written_is_read_again() -> None:
    minutes = Minutes([BOUND])
    minutes.add(attempt("a", outcome="failure"))
    minutes.add(attempt("b", waited=60))
    read = Minutes.read(json.loads(json.dumps(minutes.document())))
    assert read.document() == minutes.document()
    read.add(attempt("a", 75, waited=24))
    assert read.judged(BOUND, SPANS, NOW)["f"] == [[2, 1], [2, 1]]


@pytest.mark.parametrize("document", [{}, [], None, {"bounds": [1], "minutes": {"1": {"f": [1]}}}])
def test_what_is_none_of_ours_cannot_be_read(document: object) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError, IndexError)):
        Minutes.read(document)


def test_old_minutes_are_forgotten_and_jobs_that_failed_are_bounded() -> None:
    minutes = Minutes([BOUND])
    for number in range(MOST_KNOWN + 10):
        minutes.add(attempt(str(number), outcome="failure", event=str(number)))
    assert len(minutes.document()["failed"]) == MOST_KNOWN
    minutes.forget(NOW)
    assert minutes.document()["minutes"] == minutes.document()["failed"] == {}
