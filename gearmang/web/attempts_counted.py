"""What task records tell as they come in: attempts by outcome, how long they took and waited.

A thread of its own follows the files; what was there before the page was started is not counted.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import orjson

from gearmang.records.attempts import attempted
from gearmang.records.errors import RecordsError
from gearmang.records.tail import Follower
from gearmang.web.exposition import escaped, family
from gearmang.web.histogram import Example, Histogram

OUTCOMES: Final = ("success", "failure", "unknown")
MOST_FUNCTIONS: Final = 1_000  # that are counted by name
_MOST_REMEMBERED: Final = 20_000  # records; one of them that is shipped again does not count twice
_LINES_AT_ONCE: Final = 2_000  # until others have a turn
_PAUSE: Final = 0.01  # seconds of that turn


class _OfFunction:
    """The attempts of one function."""

    def __init__(self) -> None:
        self.outcomes = dict.fromkeys(OUTCOMES, 0.0)
        self.durations = Histogram()
        self.waits = Histogram()


class AttemptCounts:
    """Counts of the records in some places, from now on.

    Args:
        places: folders, files and globs; only plain files grow, and are followed.
        interval: seconds between two looks.
        say: is told once what cannot be read.
        most: functions that are counted by name; of any further only the attempts.
    """

    def __init__(
        self,
        places: Sequence[str],
        interval: float,
        say: Callable[[str], None],
        most: int = MOST_FUNCTIONS,
    ) -> None:
        self._places = tuple(places)
        self._interval = interval
        self._say = say
        self._most = most
        self._said: str | None = None
        self._follower: Follower | None = None
        self._lock = threading.Lock()
        self._functions: dict[str, _OfFunction] = {}  # by their label
        self._unlisted = 0.0
        self._seen: set[int] = set()
        self._order: deque[int] = deque()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)

    def start(self) -> None:
        """Follow the files from here on."""
        if self._places:
            self._open()
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(self._interval)
        if self._follower is not None and not self._thread.is_alive():
            self._follower.close()

    def look(self) -> None:
        """Count what has come."""
        if self._follower is None and not self._open():
            return
        assert self._follower is not None  # noqa: S101 # it was opened
        number = 0
        try:
            for number, line in enumerate(self._follower.read(), 1):
                self.add(line)
                if number % _LINES_AT_ONCE == 0 and self._ending.wait(_PAUSE):
                    return
        except (OSError, RecordsError) as error:
            self._tell(f"records cannot be followed: {error}")

    def add(self, line: bytes) -> None:
        """Count one line, if it is the record of a whole attempt that was not counted lately."""
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            return
        attempt = attempted(record, line)
        if attempt is None or self._is_known(hash(attempt.event)):
            return
        label = f'function="{escaped(attempt.task)}"'
        job = record.get("id")
        with self._lock:
            found = self._functions.get(label)
            if found is None:
                if len(self._functions) >= self._most:
                    self._unlisted += attempt.weight
                    return
                found = self._functions[label] = _OfFunction()
            outcome = record["outcome"]
            found.outcomes[outcome if outcome in OUTCOMES else "unknown"] += attempt.weight
            job_id = job if isinstance(job, str) else ""
            duration, waited, ended = attempt.duration, attempt.waited, attempt.ended
            found.durations.add(duration, attempt.weight, Example(job_id, duration, ended))
            if waited is not None:
                found.waits.add(waited, attempt.weight, Example(job_id, waited, ended))

    def families(self) -> Iterator[str]:
        """What /metrics says of it."""
        with self._lock:
            counted = sorted(self._functions.items())
            whole = "gearmang_attempts"
            # All outcomes from the first: a rate does not see what appears with its first count.
            lines: Iterator[str] = (
                f'{whole}_total{{{label},outcome="{outcome}"}} {round(count)}\n'
                for label, one in counted
                for outcome, count in one.outcomes.items()
            )
            told = "Attempts that ended, as their records tell since the page was started."
            yield from family(whole, "counter", told, lines)
            whole = "gearmang_attempt_duration_seconds"
            lines = (line for label, one in counted for line in one.durations.lines(whole, label))
            yield from family(whole, "histogram", "How long attempts took.", lines)
            whole = "gearmang_attempt_wait_seconds"
            lines = (line for label, one in counted for line in one.waits.lines(whole, label))
            yield from family(whole, "histogram", "From submission to the attempt's start.", lines)
            if self._unlisted:
                whole = "gearmang_unlisted_attempts"
                lines = iter([f"{whole}_total {round(self._unlisted)}\n"])
                yield from family(whole, "counter", "Attempts of functions beyond the cap.", lines)

    def _is_known(self, event: int) -> bool:
        if event in self._seen:
            return True
        self._seen.add(event)
        self._order.append(event)
        if len(self._order) > _MOST_REMEMBERED:
            self._seen.discard(self._order.popleft())
        return False

    def _open(self) -> bool:
        try:
            # A place that was not there at first is new as a whole.
            self._follower = Follower(self._places, from_start=self._said is not None)
        except (OSError, RecordsError) as error:
            self._tell(f"records cannot be followed: {error}")
            return False
        return True

    def _tell(self, problem: str) -> None:
        if problem != self._said:
            self._said = problem
            self._say(problem)

    def _run(self) -> None:
        while not self._ending.wait(self._interval):
            self.look()
