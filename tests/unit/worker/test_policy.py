"""What becomes of a job: every rule by itself."""

import pytest

from gearmang.job.dossier import Dossier
from gearmang.worker.policy import LONGEST_BACKOFF, Rules, judge

RULES = Rules(attempts=3, backoff=None, reply_only=False)


def dossier(outcome: str = "failure", attempt: int = 1) -> Dossier:
    return Dossier(outcome=outcome, error_type="KeyError", attempt=attempt)


@pytest.mark.parametrize("outcome", ["failure", "crashed", "timed_out", "out_of_memory", "retry"])
def test_a_failed_attempt_is_tried_again_at_once(outcome: str) -> None:
    verdict = judge(dossier(outcome), RULES)

    assert (verdict.fate, verdict.delay, verdict.counted) == ("again", 0.0, True)


def test_the_last_attempt_makes_a_dead_letter() -> None:
    assert judge(dossier(attempt=2), RULES).fate == "again"
    assert judge(dossier(attempt=3), RULES).fate == "dead"


def test_a_lost_attempt_is_never_counted_not_even_the_last() -> None:
    verdict = judge(dossier("lost", attempt=3), RULES)

    assert (verdict.fate, verdict.counted) == ("again", False)


def test_a_rejected_job_is_dead_at_once() -> None:
    assert judge(dossier("rejected"), RULES).fate == "dead"


def test_an_exception_that_is_not_retried_is_dead_at_once() -> None:
    verdict = judge(dossier(), RULES, retryable=False)

    assert (verdict.fate, verdict.reason) == ("dead", "KeyError is not retried")


def test_an_open_breaker_makes_a_dead_letter() -> None:
    assert judge(dossier("crashed"), RULES, broken=True).fate == "dead"


@pytest.mark.parametrize("outcome", ["failure", "rejected", "lost"])
def test_reply_only_neither_queues_nor_buries(outcome: str) -> None:
    assert judge(dossier(outcome), RULES._replace(reply_only=True)).fate == "reply"


def test_a_retry_says_itself_when_it_comes_back() -> None:
    assert judge(dossier("retry"), RULES._replace(backoff=1.0), after=7.5).delay == 7.5


@pytest.mark.parametrize(("attempt", "delay"), [(1, 2.0), (2, 4.0), (3, 8.0)])
def test_the_backoff_doubles_with_each_attempt(attempt: int, delay: float) -> None:
    rules = Rules(attempts=9, backoff=2.0, reply_only=False)

    assert judge(dossier(attempt=attempt), rules, chance=0.0).delay == delay
    assert judge(dossier(attempt=attempt), rules, chance=1.0).delay == delay * 1.5


def test_the_backoff_has_an_end() -> None:
    rules = Rules(attempts=10_000, backoff=2.0, reply_only=False)

    assert judge(dossier(attempt=5000), rules, chance=0.0).delay == LONGEST_BACKOFF
