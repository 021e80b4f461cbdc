"""What successive polls of one server tell together: what stalls, what moved, what has vanished.

gearmand has no counters, only the queue as it is now. Each thing here is reported where it is known
and is absent where it is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from gearmang.protocol.entries import FunctionStatus, QueuedJob
from gearmang.watch.evidence import restarted


class Rate(NamedTuple):
    """Jobs a second between two polls."""

    submitted: float
    drained: float


class Changes(NamedTuple):
    """What one more poll has shown.

    Attributes:
        stalled: functions with jobs and workers where nothing has moved for too many polls.
        rates: function → its rate, for functions that had no worker to drain them.
        server_rate: of all functions together; known where each job is listed.
        vanished: functions that were there at the last poll.
        restarts: of gearmand, since the first poll.
    """

    stalled: frozenset[str]
    rates: dict[str, Rate]
    server_rate: Rate | None
    vanished: tuple[str, ...]
    restarts: int


class _Counted(NamedTuple):
    """The jobs at one time: the number in the newest handle, and how many there were."""

    at: float
    newest: int
    queued: int


class Memory:
    """What is remembered of one server from poll to poll.

    Args:
        stalled_polls: polls without a movement until a function counts as stalled.
    """

    def __init__(self, stalled_polls: int) -> None:
        self._stalled_polls = stalled_polls
        self._functions: dict[str, FunctionStatus] = {}
        self._unmoved: dict[str, int] = {}
        self._at = 0.0
        self._pid: int | None = None
        self._seen = False
        self._restarts = 0
        self._counted: _Counted | None = None
        self._numbers: frozenset[int] = frozenset()

    def learn(
        self,
        at: float,
        pid: int | None,
        functions: Iterable[FunctionStatus],
        *,
        unlisted: Collection[str] = (),
        jobs: Sequence[QueuedJob] | None = None,
        numbers: frozenset[int] | None = None,
    ) -> Changes:
        """Take the next poll.

        Args:
            at: when it was, in seconds of the monotonic clock.
            pid: of gearmand; None where the server does not tell.
            functions: that are reported one by one.
            unlisted: functions that are there and are not reported one by one.
            jobs: all jobs of the server; None where they are not listed.
            numbers: of all jobs; a gearmand in a container has the same pid each time, and counts
                its jobs anew.
        """
        if numbers is None and jobs is not None:
            numbers = frozenset(job.number for job in jobs) - {0}
        anew = self._seen and (self._pid != pid or restarted(self._numbers, numbers or ()))
        if anew:
            self._restarts += 1
            self._unmoved.clear()
            self._counted = None
        now = {function[0]: function for function in functions}
        before, seconds = self._functions, at - self._at
        known = self._seen and not anew and seconds > 0
        changes = Changes(
            stalled=self._stalled(now, before),
            rates=_rates(now, before, seconds) if known else {},
            server_rate=self._server_rate(at, jobs),
            vanished=tuple((before.keys() - now.keys()).difference(unlisted)),
            restarts=self._restarts,
        )
        self._functions, self._at, self._pid, self._seen = now, at, pid, True
        if anew or numbers is not None:
            self._numbers = numbers or frozenset()
        return changes

    def _stalled(
        self, now: dict[str, FunctionStatus], before: dict[str, FunctionStatus]
    ) -> frozenset[str]:
        unmoved: dict[str, int] = {}
        # Most functions are empty, or have moved: few come into the loop.
        for name, total, running, workers in now.values():
            if total > running and workers:
                last = before.get(name)
                if last is not None and last[1] == total and last[2] == running:
                    unmoved[name] = self._unmoved.get(name, 0) + 1
        self._unmoved = unmoved
        return frozenset(name for name, polls in unmoved.items() if polls >= self._stalled_polls)

    def _server_rate(self, at: float, jobs: Sequence[QueuedJob] | None) -> Rate | None:
        """From handles: gearmand numbers every job that it makes."""
        newest = max((job.number for job in jobs), default=0) if jobs else 0
        if jobs is None or not newest:
            return None
        last, self._counted = self._counted, _Counted(at, newest, len(jobs))
        if last is None or at <= last.at or newest < last.newest:
            return None
        submitted = newest - last.newest
        drained = submitted - (len(jobs) - last.queued)
        if drained < 0:  # jobs that came back from a persistent queue under old numbers
            return None
        return Rate(submitted / (at - last.at), drained / (at - last.at))


def _rates(
    now: dict[str, FunctionStatus], before: dict[str, FunctionStatus], seconds: float
) -> dict[str, Rate]:
    """Without a worker at either poll nothing was drained, and what is more was submitted."""
    rates = {}
    for name, total, _, workers in now.values():
        if not workers:
            last = before.get(name)
            if last is not None and not last[3] and total >= last[1]:
                rates[name] = Rate((total - last[1]) / seconds, 0.0)
    return rates
