"""The dead letters in figures: by function and state, and the causes that nobody has looked at."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from gearmang.dead_letters.store.moment import SECONDS_PER_MINUTE
from gearmang.dead_letters.store.tables import STATES, arrivals, fingerprints

_HOUR: Final = 3600  # seconds


class Counted(NamedTuple):
    """What a store holds.

    Attributes:
        by_function: function → state → letters.
        causes: state of a cause (``new``, ``known``, ``resolved``, ``reopened``) → how many.
        arrived_hour: letters that arrived within the last hour.
    """

    by_function: dict[str, dict[str, int]]
    causes: dict[str, int]
    arrived_hour: int

    @property
    def dead(self) -> int:
        """All letters that wait for somebody."""
        return sum(states["dead"] for states in self.by_function.values())


def counted(connection: Connection, now: float) -> Counted:
    """Count, from the counters that are kept with every change.

    Args:
        now: in seconds since the epoch.
    """
    sums = [func.sum(fingerprints.c[state]) for state in STATES]
    by_function = {
        row[0]: dict(zip(STATES, (int(count or 0) for count in row[1:]), strict=True))
        for row in connection.execute(
            select(fingerprints.c.function, *sums).group_by(fingerprints.c.function)
        )
    }
    causes = connection.execute(
        select(fingerprints.c.state, func.count())
        .where(fingerprints.c.dead > 0)
        .group_by(fingerprints.c.state)
    )
    minute = int(now - _HOUR) // SECONDS_PER_MINUTE
    arrived = connection.execute(
        select(func.coalesce(func.sum(arrivals.c.arrived), 0)).where(arrivals.c.minute >= minute)
    ).scalar_one()
    return Counted(by_function, {row[0]: int(row[1]) for row in causes}, int(arrived))
