"""The store in figures: how many letters are in which state, of which functions, since when."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, func, select

from gearmang.dead_letters.looking.causes import arrived_since
from gearmang.dead_letters.looking.filters import Filter, of_causes, of_letters
from gearmang.dead_letters.store.space import space
from gearmang.dead_letters.store.tables import STATES, dead_letters, fingerprints

_WINDOWS: Final = {"1h": 3_600, "24h": 86_400, "7d": 604_800}  # seconds


def stats(connection: Connection, chosen: Filter) -> dict[str, Any]:
    """States, functions, errors and arrivals of the letters that a filter chooses.

    The filter's state is left out where states are counted.
    """
    any_state = replace(chosen, state=None)
    if chosen.is_of_causes:
        by_state = _states_of_causes(connection, any_state)
        by_function = _top(connection, chosen, "function")
        by_error = _top(connection, chosen, "error_type")
    else:
        by_state = _count_by(connection, any_state, "state")
        by_function = _count_by(connection, chosen, "function")
        by_error = _count_by(connection, chosen, "error_type")
    now = time.time()
    return {
        "by_state": {state: by_state.get(state, 0) for state in STATES},
        "by_function": by_function,
        "by_error": by_error,
        "arrived": {
            name: arrived_since(connection, now - seconds, chosen)
            for name, seconds in _WINDOWS.items()
        },
        "oldest": _edge(connection, chosen, newest=False),
        "newest": _edge(connection, chosen, newest=True),
        "space": space(connection)._asdict(),
    }


def _states_of_causes(connection: Connection, chosen: Filter) -> dict[str, int]:
    sums = [func.coalesce(func.sum(fingerprints.c[state]), 0) for state in STATES]
    row = connection.execute(select(*sums).where(*of_causes(connection, chosen))).one()
    return dict(zip(STATES, map(int, row), strict=True))


def _top(connection: Connection, chosen: Filter, column: str) -> dict[str, int]:
    states = STATES if chosen.state is None else (chosen.state,)
    number = sum(
        (func.sum(fingerprints.c[state]) for state in states[1:]),
        func.sum(fingerprints.c[states[0]]),
    )
    key = fingerprints.c[column]
    rows = connection.execute(
        select(key, number)
        .where(*of_causes(connection, chosen))
        .group_by(key)
        .having(number > 0)
        .order_by(number.desc(), key)
    )
    return {name: int(count) for name, count in rows}


def _count_by(connection: Connection, chosen: Filter, column: str) -> dict[str, int]:
    number, key = func.count(), dead_letters.c[column]
    rows = connection.execute(
        select(key, number)
        .where(*of_letters(connection, chosen))
        .group_by(key)
        .order_by(number.desc(), key)
    )
    return {name: int(count) for name, count in rows}


def _edge(connection: Connection, chosen: Filter, *, newest: bool) -> float | None:
    """When the newest, or oldest, of the letters was stored."""
    order = dead_letters.c.id.desc() if newest else dead_letters.c.id
    found: float | None = connection.execute(
        select(dead_letters.c.stored_at)
        .where(*of_letters(connection, chosen))
        .order_by(order)
        .limit(1)
    ).scalar()
    return found
