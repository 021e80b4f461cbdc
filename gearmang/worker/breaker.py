"""Stops the retries of jobs that crash executors in one and the same way."""

from __future__ import annotations

from collections import deque
from typing import Final

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
