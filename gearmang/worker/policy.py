"""What becomes of a job after a failed attempt: a pure decision."""

from __future__ import annotations

import random
from typing import Final, Literal, NamedTuple

from gearmang.job.dossier import Dossier

LONGEST_BACKOFF: Final = 3600.0  # seconds
JITTER: Final = 0.5  # a delay grows by up to this share, so that jobs do not return in step

Fate = Literal["again", "dead", "reply"]


class Rules(NamedTuple):
    """The part of the options that decides.

    Attributes:
        attempts: how often a job is tried in one life.
        backoff: seconds before the second attempt; None: at once.
        reply_only: failures are answered to the caller and nothing else.
    """

    attempts: int
    backoff: float | None
    reply_only: bool


class Verdict(NamedTuple):
    """The decision.

    Attributes:
        fate: queued again, dead letter, or only an answer to the caller.
        delay: seconds before the next attempt.
        counted: whether the attempt is used up.
        reason: why a job died before its attempts were used up.
    """

    fate: Fate
    delay: float = 0.0
    counted: bool = True
    reason: str = ""


def judge(
    dossier: Dossier,
    rules: Rules,
    *,
    retryable: bool = True,
    after: float | None = None,
    broken: bool = False,
    chance: float | None = None,
) -> Verdict:
    """Decide after an attempt that failed.

    Args:
        dossier: of the attempt.
        rules: of the worker.
        retryable: False when the worker's ``no_retry`` names the exception.
        after: what ``Retry(after=…)`` asked for, in seconds.
        broken: the breaker is open for this failure's fingerprint.
        chance: from 0 to 1, for the jitter.
    """
    if rules.reply_only:
        return Verdict("reply")
    if dossier.outcome == "lost":
        return Verdict("again", counted=False)
    if dossier.outcome == "rejected":
        return Verdict("dead", reason="it was rejected")
    if not retryable:
        return Verdict("dead", reason=f"{dossier.error_type} is not retried")
    if dossier.attempt >= rules.attempts:
        return Verdict("dead")
    if broken:
        return Verdict("dead", reason="the breaker is open for such failures")
    if after is not None:
        return Verdict("again", max(after, 0.0))
    if rules.backoff is None:
        return Verdict("again")
    dice = random.random() if chance is None else chance  # noqa: S311  # jitter hides nothing
    grown = min(rules.backoff * 2.0 ** min(dossier.attempt - 1, 30), LONGEST_BACKOFF)
    return Verdict("again", grown * (1 + JITTER * dice))
