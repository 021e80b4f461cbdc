"""Causes: what letters of one fingerprint have in common, from counters kept with every change."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, select, update

from gearmang.dead_letters.looking.filters import Filter, of_causes, of_letters
from gearmang.dead_letters.looking.finding import MOST_CANDIDATES, only_one
from gearmang.dead_letters.looking.history import record
from gearmang.dead_letters.store.moment import SECONDS_PER_MINUTE, minute_of
from gearmang.dead_letters.store.rows import CAUSE, Cause
from gearmang.dead_letters.store.tables import STATES, arrivals, dead_letters, fingerprints

SPARKLINE_HOURS: Final = 24
_MINUTES_PER_HOUR: Final = 60
_BARS: Final = "▁▂▃▄▅▆▇█"


def causes(
    connection: Connection, chosen: Filter, *, limit: int = 50, offset: int = 0
) -> list[tuple[Cause, int]]:
    """Each cause with the number of its letters that a filter chooses, the most first."""
    if chosen.is_of_causes:
        states = STATES if chosen.state is None else (chosen.state,)
        number = sum((fingerprints.c[state] for state in states[1:]), fingerprints.c[states[0]])
        query = (
            select(*CAUSE, number.label("letters"))
            .where(*of_causes(connection, chosen), number > 0)
            .order_by(number.desc(), fingerprints.c.fingerprint)
        )
    else:
        counted = (
            select(dead_letters.c.fingerprint, func.count().label("letters"))
            .where(*of_letters(connection, chosen))
            .group_by(dead_letters.c.fingerprint)
            .subquery()
        )
        query = (
            select(*CAUSE, counted.c.letters)
            .join(counted, counted.c.fingerprint == fingerprints.c.fingerprint)
            .order_by(counted.c.letters.desc(), fingerprints.c.fingerprint)
        )
    rows = connection.execute(query.limit(limit).offset(offset))
    return [(Cause._make(row[:-1]), int(row[-1])) for row in rows]


def newest(connection: Connection, limit: int) -> list[Cause]:
    """The causes that have dead letters, of which the latest death first."""
    query = (
        select(*CAUSE)
        .where(fingerprints.c.dead > 0)
        .order_by(fingerprints.c.last_seen.desc(), fingerprints.c.fingerprint)
    )
    return [Cause._make(row) for row in connection.execute(query.limit(limit))]


def known(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those of the fingerprints that a letter was ever stored of."""
    query = select(fingerprints.c.fingerprint).where(fingerprints.c.fingerprint.in_(names))
    return {*connection.scalars(query)}


def find_cause(connection: Connection, text: str) -> Cause:
    """The one cause whose fingerprint starts like this.

    Raises:
        NoSuchLetter: none does.
        AmbiguousId: several do; the text lists them.
    """
    query = (
        select(*CAUSE)
        .where(fingerprints.c.fingerprint.startswith(text.strip().lower(), autoescape=True))
        .order_by(fingerprints.c.fingerprint)
        .limit(MOST_CANDIDATES + 1)
    )
    return only_one(
        [*map(Cause._make, connection.execute(query))],
        text,
        kind="fingerprint",
        command="gearmang dead causes",
        name=lambda cause: cause.fingerprint,
    )


def arrivals_by_hour(
    connection: Connection, names: list[str], *, now: float | None = None
) -> dict[str, list[int]]:
    """How many letters of each fingerprint arrived in each of the last 24 hours, oldest first."""
    hour = minute_of(time.time() if now is None else now) // _MINUTES_PER_HOUR
    first = hour - SPARKLINE_HOURS + 1
    found: dict[str, list[int]] = defaultdict(lambda: [0] * SPARKLINE_HOURS)
    rows = connection.execute(
        select(arrivals.c.fingerprint, arrivals.c.minute, arrivals.c.arrived).where(
            arrivals.c.fingerprint.in_(names), arrivals.c.minute >= first * _MINUTES_PER_HOUR
        )
    )
    for name, minute, arrived in rows:
        place = minute // _MINUTES_PER_HOUR - first
        if place < SPARKLINE_HOURS:  # a clock that was turned back leaves arrivals in the future
            found[name][place] += arrived
    return {name: found[name] for name in names}


def sparkline(counts: list[int]) -> str:
    """The counts as a row of bars; an hour without arrivals is a dot."""
    most = max(counts, default=0)
    return "".join(_BARS[(count * len(_BARS) - 1) // most] if count else "·" for count in counts)


def arrived_since(connection: Connection, since: float, chosen: Filter) -> int:
    """How many letters of the chosen fingerprints arrived since then, to the minute."""
    query = (
        select(func.coalesce(func.sum(arrivals.c.arrived), 0))
        .join(fingerprints, fingerprints.c.fingerprint == arrivals.c.fingerprint)
        .where(arrivals.c.minute >= int(since) // SECONDS_PER_MINUTE)
        .where(*of_causes(connection, chosen))
    )
    return int(connection.execute(query).scalar_one())


def resolve(
    connection: Connection, fingerprint: str, *, revision: str | None, why: str | None
) -> None:
    """Write down that the cause is mended.

    Args:
        revision: of the code that holds the fix: a death in a revision that had died of it before
            is then a straggler and reopens nothing; one in this or an unknown revision does.
            None: any further death reopens it.
        why: the operator's reason, for the event log.
    """
    connection.execute(
        update(fingerprints)
        .where(fingerprints.c.fingerprint == fingerprint)
        .values(state="resolved", revision=revision, resolved_at=time.time())
    )
    detail = f"in revision {revision}" if revision else None
    record(connection, "fingerprint resolved", why=why, fingerprint=fingerprint, detail=detail)
