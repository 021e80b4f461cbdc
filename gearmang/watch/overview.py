"""Several gearmands seen as one: each function's queue, side by side and summed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gearmang.durations import short
from gearmang.protocol.entries import FunctionStatus
from gearmang.protocol.errors import AdminError
from gearmang.watch.fleet import Fleet, fleet, staff
from gearmang.watch.movement import Flow, flow_of
from gearmang.watch.poll import Snapshot
from gearmang.watch.waits import Queueing, keys_by_function, oldest_running, oldest_waiting


class Row(NamedTuple):
    """One function over all servers.

    Attributes:
        sums: its figures, summed.
        parts: the figures on each server, in the servers' order; None where it is not known.
        oldest_worker: age in seconds of the oldest worker with a readable id; None without one.
        waited: seconds that its oldest waiting job has waited; None where no job tells.
        ran: seconds that its oldest running job has run; None where no worker tells.
        flow: the worst verdict on how it moves; None where that is not judged.
        workers: connections that serve it; a worker of four functions is one.
        share: of its jobs, those that tell when they were submitted.
        waited_at_most: seconds that its oldest job can have waited, as the queue was seen empty
            then; None where that was not seen.
    """

    sums: FunctionStatus
    parts: tuple[FunctionStatus | None, ...]
    oldest_worker: float | None
    waited: float | None = None
    ran: float | None = None
    flow: Flow | None = None
    workers: int = 0
    share: float = 1.0
    waited_at_most: float | None = None

    @property
    def wait_told(self) -> str:
        """How long the oldest job has waited: ``2h``, ``2h (50%)`` by half of the jobs, ``<4m``."""
        if self.waited is None:
            return "-" if self.waited_at_most is None else f"<{short(self.waited_at_most)}"
        return short(self.waited) + ("" if self.share >= 1 else f" ({self.share:.0%})")


class Overview(NamedTuple):
    """What a poll of several servers gave.

    Attributes:
        answers: each server's snapshot or error.
        fleets: who works on each server; None where the server is lost, or does not tell.
        rows: the functions, those with the longest queues first.
    """

    answers: Sequence[Snapshot | AdminError]
    fleets: tuple[Fleet | None, ...]
    rows: tuple[Row, ...]

    @property
    def lost(self) -> tuple[AdminError, ...]:
        """The errors of the servers that gave no answer."""
        return tuple(answer for answer in self.answers if isinstance(answer, AdminError))


def overview(
    answers: Sequence[Snapshot | AdminError],
    now: float,
    flows: Sequence[Mapping[str, Flow] | None] = (),
) -> Overview:
    """Put the servers' answers side by side.

    Args:
        answers: as `gearmang.watch.poll.poll` gives them.
        now: in seconds since the epoch, for ages.
        flows: each server's verdicts of `gearmang.watch.movement.judge`; None where it is lost.
    """
    fleets = tuple(
        fleet(answer.connections) if isinstance(answer, Snapshot) and answer.tells_workers else None
        for answer in answers
    )
    by_server = [
        {one.name: one for one in answer.functions} if isinstance(answer, Snapshot) else {}
        for answer in answers
    ]
    names = {name for functions in by_server for name in functions}
    looks = [_Look.at(answer, now) for answer in answers if isinstance(answer, Snapshot)]
    known = [one for one in flows if one is not None]
    rows = [
        _row(name, [functions.get(name) for functions in by_server], fleets, now)._replace(
            waited=_most(look.waiting[name].age(now) for look in looks if name in look.waiting),
            ran=_most(look.running.get(name) for look in looks),
            flow=max((flow_of(one, name) for one in known), key=_trouble, default=None),
            workers=sum(look.workers.get(name, 0) for look in looks),
            share=min(
                (look.waiting[name].share for look in looks if name in look.waiting), default=1
            ),
            waited_at_most=_bound(known, name, now),
        )
        for name in names
    ]
    rows.sort(key=lambda row: (-row.sums.waiting, -row.sums.running, row.sums.name))
    return Overview(answers, fleets, tuple(rows))


class _Look(NamedTuple):
    """What one server tells of ages, and of who serves what."""

    waiting: dict[str, Queueing]
    running: dict[str, float]
    workers: dict[str, int]

    @classmethod
    def at(cls, snapshot: Snapshot, now: float) -> _Look:
        keys = keys_by_function(snapshot.keys or (), snapshot.functions)
        crowd = staff(snapshot.functions, snapshot.connections)
        return cls(
            oldest_waiting(snapshot.functions, keys, now),
            oldest_running(snapshot.connections, now),
            {name: one.workers for name, one in crowd.items()}
            if snapshot.tells_workers
            else {one.name: one.workers for one in snapshot.functions},
        )


def _most(ages: Iterable[float | None]) -> float | None:
    return max((age for age in ages if age is not None), default=None)


def _bound(flows: Iterable[Mapping[str, Flow]], name: str, now: float) -> float | None:
    """Since when something waits on any of the servers, at the longest."""
    waiting = [one[name] for one in flows if name in one]
    seen = [flow.empty_at for flow in waiting if flow.empty_at is not None]
    return max((now - at for at in seen), default=None) if len(seen) == len(waiting) else None


def _trouble(flow: Flow) -> int:
    return flow.number


def _row(
    name: str,
    parts: Sequence[FunctionStatus | None],
    fleets: Iterable[Fleet | None],
    now: float,
) -> Row:
    known = [part for part in parts if part is not None]
    sums = FunctionStatus(
        name,
        sum(part.total for part in known),
        sum(part.running for part in known),
        sum(part.workers for part in known),
    )
    ages = [one.crews[name].age(now) for one in fleets if one is not None and name in one.crews]
    return Row(sums, tuple(parts), max(ages, default=None))
