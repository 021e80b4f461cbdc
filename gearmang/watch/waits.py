"""How long jobs have waited and run: from unique keys and client ids, the only places that tell.

gearmand knows no times. The keys of our jobs (docs/wire.md) say when each was submitted, and by a
mark for which function; the client id of a slot that is long at a job says when that job started.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import methodcaller
from typing import NamedTuple

from gearmang.protocol.entries import FunctionStatus, Peer
from gearmang.protocol.key import JobKey, mark_of
from gearmang.watch.worker_id import WorkerId

_ENQUEUED = slice(26, 37)  # of a key whose time has 11 digits: any from 2004 to 2527
_MARK = slice(38, 44)
_FIRST = ".1.1"  # ends the key of a job that was queued once, to start at once

_QUEUED_ONCE = methodcaller("endswith", _FIRST)

_marks: dict[str, str] = {}  # function → mark; SHA-256 of 1,000 names takes a millisecond
_MOST_MARKS = 100_000


class Queueing(NamedTuple):
    """The waiting jobs of one function.

    Attributes:
        since: when the oldest began to wait, in seconds since the epoch; None where no job says.
        timed: of its jobs, waiting and running ones, how many said when.
        total: all its jobs.
        ahead: jobs that wait for a time that is still to come.
    """

    since: float | None
    timed: int
    total: int
    ahead: int = 0

    @property
    def exact(self) -> bool:
        """Whether all jobs said when; otherwise an older one may wait."""
        return self.since is not None and self.timed >= self.total

    @property
    def share(self) -> float:
        """Of the jobs, those that said when."""
        return min(1.0, self.timed / self.total) if self.total else 1.0

    def age(self, now: float) -> float | None:
        """Seconds that the oldest has waited; a clock that runs behind its client's gives 0."""
        return None if self.since is None else max(0.0, now - self.since)


def keys_by_function(
    keys: Iterable[str], functions: Iterable[FunctionStatus]
) -> dict[str, list[str]]:
    """The keys of our jobs, by their function; of functions with the same mark none are known."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        mark = key[_MARK]
        if mark in groups:
            groups[mark].append(key)
        else:
            groups[mark] = [key]
    if not groups:
        return {}
    names: dict[str, str | None] = {}
    for function in functions:
        mark = _marks.get(function[0]) or _mark(function[0])
        names[mark] = None if mark in names else function[0]
    found: dict[str, list[str]] = {}
    odd: list[str] = []
    for mark, group in groups.items():
        name = names.get(mark, "")
        if name is None:
            continue
        if mark in names and group[0].startswith("g1."):
            found[name] = group
        else:
            odd += group  # of another form, or with a time of fewer digits
    for key in odd:
        parsed = JobKey.parse(key)
        name = names.get(parsed.mark) if parsed is not None else None
        if name is not None:
            found.setdefault(name, []).append(key)
    return found


def oldest_waiting(
    functions: Iterable[FunctionStatus], keys: Mapping[str, Sequence[str]], now: float
) -> dict[str, Queueing]:
    """The oldest waiting job of each function in which jobs wait.

    Of its jobs the oldest are taken for the running ones, which gearmand does not tell apart; but
    not those that were queued again to start at once, which stand behind others by then.

    Args:
        functions: of ``status``.
        keys: function → the keys of its jobs, as `keys_by_function` gives them.
        now: in seconds since the epoch.
    """
    return {
        name: _oldest(keys.get(name, ()), total, running, now)
        for name, total, running, _ in functions
        if total > running
    }


def oldest_running(connections: Iterable[Peer], now: float) -> dict[str, float]:
    """Function → age in seconds of its oldest running job, where a worker says so.

    A worker of several functions says when its job started and not of which function it is: it is
    counted for the one that its id names.
    """
    found: dict[str, float] = {}
    for connection in connections:
        served = set(connection.functions)
        if not served or "~" not in connection.client_id:
            continue
        worker = WorkerId.parse(connection.client_id)
        if worker is None or worker.job_started is None:
            continue
        if len(served) == 1:
            (name,) = served
        elif worker.name in served:
            name = worker.name
        else:
            continue
        age = max(0.0, now - worker.job_started)
        found[name] = max(age, found.get(name, 0.0))
    return found


def _oldest(keys: Sequence[str], total: int, running: int, now: float) -> Queueing:
    if keys and all(map(_QUEUED_ONCE, keys)):
        chosen = (
            min(keys, key=_enqueued) if not running else
            _nth(keys, running)
        ) if len(keys) > running else None  # fmt: skip
        since = JobKey.enqueued(chosen) if chosen else None
        if since is not None:
            return Queueing(since, len(keys), total)
        if chosen is None:
            return Queueing(None, len(keys), total)
    return _parsed(keys, total, running, now)


def _parsed(keys: Sequence[str], total: int, running: int, now: float) -> Queueing:
    """The same, each key read whole: some say not to start before a time, or are not ours."""
    ours = [key for key in map(JobKey.parse, keys) if key is not None]
    ready = [key for key in ours if (key.not_before or 0.0) <= now]
    # Whether it stands behind others, and since when it may start.
    turns = sorted(
        (key.delivery > 1 and key.not_before is None, max(key.enqueued_at, key.not_before or 0.0))
        for key in ready
    )
    waiting = [since for _, since in turns[running:]]
    # A job of a clock that runs ahead of ours waits, too.
    since = min(now, *waiting) if waiting else None
    return Queueing(since, len(ours), total, len(ours) - len(ready))


def _nth(keys: Sequence[str], place: int) -> str:
    from heapq import nsmallest  # late: no check needs it where nothing runs

    return nsmallest(place + 1, keys, key=_enqueued)[-1]


def _enqueued(key: str) -> str:
    return key[_ENQUEUED]


def _mark(function: str) -> str:
    mark = _marks.get(function)
    if mark is None:
        if len(_marks) > _MOST_MARKS:
            _marks.clear()
        mark = _marks[function] = mark_of(function)
    return mark
