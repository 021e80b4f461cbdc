"""Jobs by the minute in which they ended: what a service level objective is judged by.

A job counts once, by its last attempt: it is bad when that failed, or when it ended later after its
submission than a bound. What failed and comes again is taken back when it does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple
from zlib import crc32

from gearmang.records.attempts import Attempted

MINUTE: Final = 60  # seconds
MOST_KNOWN: Final = 10_000  # jobs whose attempts failed; the first of them count as they are above
MOST_RECENT: Final = 2_000  # records; what is shipped again after more than these counts twice

# Of one function in one minute: jobs, those of them that died, and for each bound those late.
Counts = list[float]


class LastAttempt(NamedTuple):
    """What is remembered of a job with a failed attempt.

    Attributes:
        ended: its last attempt, in seconds since the epoch.
        submitted: the job, in seconds since the epoch.
        minute, function, weight: where it is counted as died; a weight of 0: it is not.
    """

    ended: float
    submitted: float
    minute: int
    function: str
    weight: float


class Minutes:
    """The jobs of some hours.

    Args:
        bounds: seconds from submission to a good end that are still in time.
    """

    def __init__(self, bounds: Iterable[float]) -> None:
        self.bounds = tuple(sorted(set(bounds)))
        self.counts: dict[int, dict[str, Counts]] = {}
        self._failed: dict[str, LastAttempt] = {}
        self._recent: dict[int, None] = {}

    def add(self, attempt: Attempted) -> None:
        """Count an attempt that ended; one whose outcome is unknown comes again."""
        if attempt.outcome not in ("success", "failure") or not self._is_new(attempt):
            return
        job, submitted = attempt.job, attempt.started - (attempt.waited or 0.0)
        before = self._failed.get(job) if job is not None else None
        if before is not None:
            if before.ended > attempt.ended:
                return  # of an earlier attempt, read late
            self._take_back(before)
        minute = int(attempt.ended // MINUTE)
        counts = self._of(minute, attempt.task)
        counts[0] += attempt.weight
        if attempt.failed:
            counts[1] += attempt.weight
        else:
            took = attempt.ended - submitted
            for number, bound in enumerate(self.bounds, 2):
                counts[number] += attempt.weight if took > bound else 0.0
        if job is not None and (attempt.failed or attempt.again or before is not None):
            self._failed.pop(job, None)
            weight = attempt.weight if attempt.failed else 0.0
            last = LastAttempt(attempt.ended, submitted, minute, attempt.task, weight)
            self._failed[job] = last
            if len(self._failed) > MOST_KNOWN:
                del self._failed[next(iter(self._failed))]

    def forget(self, before: float) -> None:
        """Leave out what ended before a time, in seconds since the epoch."""
        first = int(before // MINUTE)
        self.counts = {minute: found for minute, found in self.counts.items() if minute >= first}
        self._failed = {job: one for job, one in self._failed.items() if one.minute >= first}

    def judged(self, bound: float, spans: Iterable[float], now: float) -> dict[str, list[Counts]]:
        """Function → for each span of seconds up to now, how many jobs there were, and bad ones.

        A job that failed and may still come to a good end in time is not judged yet.
        """
        late = self.bounds.index(bound) + 2
        firsts = [(now - span) / MINUTE - 1 for span in spans]
        found: dict[str, list[Counts]] = {}
        for minute, name, jobs, bad in itertools.chain(self._bad(late), self._pending(bound, now)):
            sums = found.setdefault(name, [[0.0, 0.0] for _ in firsts])
            for first, counts in zip(firsts, sums):
                if minute > first:
                    counts[0] += jobs
                    counts[1] += bad
        return found

    def document(self) -> dict[str, Any]:
        """All of it as JSON can carry it."""
        return {
            "bounds": self.bounds,
            "minutes": self.counts,
            "failed": self._failed,
            "recent": list(self._recent),
        }

    @classmethod
    def read(cls, document: Any) -> Minutes:
        """What `document` gave.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it is something else.
        """
        made = cls(map(float, document["bounds"]))
        length = 2 + len(made.bounds)
        for minute, functions in document["minutes"].items():
            made.counts[int(minute)] = {
                str(name): [float(counts[place]) for place in range(length)]
                for name, counts in functions.items()
            }
        for job, (ended, submitted, minute, name, weight) in document["failed"].items():
            made._failed[job] = LastAttempt(
                float(ended), float(submitted), int(minute), str(name), float(weight)
            )
        made._recent = dict.fromkeys(map(int, document["recent"]))
        return made

    def _bad(self, late: int) -> Iterator[tuple[int, str, float, float]]:
        for minute, functions in self.counts.items():
            for name, counts in functions.items():
                yield minute, name, counts[0], counts[1] + counts[late]

    def _pending(self, bound: float, now: float) -> Iterator[tuple[int, str, float, float]]:
        for one in self._failed.values():
            if one.weight and one.submitted + bound > now:
                yield one.minute, one.function, -one.weight, -one.weight

    def _take_back(self, one: LastAttempt) -> None:
        counts = self.counts.get(one.minute, {}).get(one.function)
        if counts is not None:
            counts[0] -= one.weight
            counts[1] -= one.weight

    def _of(self, minute: int, name: str) -> Counts:
        functions = self.counts.setdefault(minute, {})
        return functions.setdefault(name, [0.0] * (2 + len(self.bounds)))

    def _is_new(self, attempt: Attempted) -> bool:
        event = attempt.event
        name = event if isinstance(event, bytes) else event.encode("utf-8", "surrogatepass")
        digest = crc32(name) << 32 | crc32(name[::-1])
        if digest in self._recent:
            return False
        self._recent[digest] = None
        if len(self._recent) > MOST_RECENT:
            del self._recent[next(iter(self._recent))]
        return True
