"""What becomes of a job after a failed attempt: pure decisions, and the breaker."""

from __future__ import annotations

import random
from collections import deque
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


WINDOW: Final = 60.0  # seconds in which crashes are counted
PAUSE: Final = 60.0  # seconds between two failures that are retried while the breaker is open
MOST_FINGERPRINTS: Final = 1000  # the one that was quiet for longest is forgotten above


class Breaker:
    """Counts crashes by fingerprint; the caller passes the time, in seconds.

    Args:
        threshold: crashes within `WINDOW` that open it; 0: it never opens.
    """

    def __init__(self, threshold: int) -> None:
        self._threshold = threshold
        self._crashes: dict[str, deque[float]] = {}
        self._open_until: dict[str, float] = {}

    def crashed(self, fingerprint: str, now: float) -> bool:
        """Count a crash; True when its job shall not be retried.

        The crash that reaches the threshold opens the breaker and is itself diverted. Once a
        `PAUSE` has passed, one job is retried and the next pause begins; when no crash came for
        a `WINDOW` after a pause, the breaker is closed again.
        """
        if not self._threshold:
            return False
        until = self._open_until.get(fingerprint)
        if until is not None:
            if now < until:
                return True
            if now < until + WINDOW:
                self._open_until[fingerprint] = now + PAUSE
                return False
            del self._open_until[fingerprint]
        times = self._crashes.pop(fingerprint, None) or deque(maxlen=self._threshold)
        self._crashes[fingerprint] = times  # the newest goes last
        times.append(now)
        if len(self._crashes) > MOST_FINGERPRINTS:
            forgotten = next(iter(self._crashes))
            del self._crashes[forgotten]
            self._open_until.pop(forgotten, None)
        if len(times) < self._threshold or now - times[0] > WINDOW:
            return False
        self._open_until[fingerprint] = now + PAUSE
        del self._crashes[fingerprint]
        return True
