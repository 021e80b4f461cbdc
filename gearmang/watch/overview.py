"""Several gearmands seen as one: each function's queue, side by side and summed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gearmang.protocol.entries import FunctionStatus
from gearmang.protocol.errors import AdminError
from gearmang.watch.fleet import Fleet, fleet
from gearmang.watch.poll import Snapshot


class Row(NamedTuple):
    """One function over all servers.

    Attributes:
        sums: its figures, summed.
        parts: the figures on each server, in the servers' order; None where it is not known.
        oldest_worker: age in seconds of the oldest worker with a readable id; None without one.
    """

    sums: FunctionStatus
    parts: tuple[FunctionStatus | None, ...]
    oldest_worker: float | None


class Overview(NamedTuple):
    """What a poll of several servers gave.

    Attributes:
        answers: each server's snapshot or error.
        fleets: who works on each server; None where the server is lost.
        rows: the functions, those with the longest queues first.
    """

    answers: Sequence[Snapshot | AdminError]
    fleets: tuple[Fleet | None, ...]
    rows: tuple[Row, ...]

    @property
    def lost(self) -> tuple[AdminError, ...]:
        """The errors of the servers that gave no answer."""
        return tuple(answer for answer in self.answers if isinstance(answer, AdminError))


def overview(answers: Sequence[Snapshot | AdminError], now: float) -> Overview:
    """Put the servers' answers side by side.

    Args:
        answers: as `gearmang.watch.poll.poll` gives them.
        now: in seconds since the epoch, for the age of workers.
    """
    fleets = tuple(
        fleet(answer.connections) if isinstance(answer, Snapshot) else None for answer in answers
    )
    by_server = [
        {one.name: one for one in answer.functions} if isinstance(answer, Snapshot) else {}
        for answer in answers
    ]
    names = {name for functions in by_server for name in functions}
    rows = [
        _row(name, [functions.get(name) for functions in by_server], fleets, now) for name in names
    ]
    rows.sort(key=lambda row: (-row.sums.waiting, -row.sums.running, row.sums.name))
    return Overview(answers, fleets, tuple(rows))


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
