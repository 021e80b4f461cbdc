"""The filters of `gearmang dead`, in a query: what is in it, and what could be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.tables import STATES, fingerprints
from gearmang.durations import BadTime, moment
from gearmang.web.query import BadQuery

NAMES: Final = ("function", "error", "fingerprint", "since", "until", "server", "grep", "state")
_MOST_KNOWN: Final = 200  # values that a field offers


def filter_of(query: Mapping[str, str]) -> Filter:
    """The filter that a query or a form says.

    Raises:
        BadQuery: a time or a state is none.
    """
    times: dict[str, float | None] = {}
    for name in ("since", "until"):
        try:
            times[name] = moment(query[name]) if query.get(name) else None
        except BadTime as error:
            raise BadQuery(f"{name}: {error}") from None
    state = query.get("state") or "dead"
    if state not in (*STATES, "all"):
        raise BadQuery(f"state: {state!r} is none; choose {', '.join(STATES)} or all")
    return Filter(
        function=query.get("function") or None,
        error=query.get("error") or None,
        fingerprint=query.get("fingerprint") or None,
        server=query.get("server") or None,
        grep=query.get("grep") or None,
        state=None if state == "all" else state,
        since=times["since"],
        until=times["until"],
    )


def given(query: Mapping[str, str]) -> dict[str, str]:
    """The parts of a query that choose letters, as they were written."""
    return {name: query[name] for name in NAMES if query.get(name)}


class KnownValues(NamedTuple):
    """What the fields of the form offer."""

    functions: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()


def known_values(connection: Connection, servers: tuple[Any, ...]) -> KnownValues:
    """The functions and errors of all causes."""

    def distinct(column: Any) -> tuple[str, ...]:
        query = select(column).distinct().order_by(column).limit(_MOST_KNOWN)
        return tuple(connection.scalars(query))

    return KnownValues(
        distinct(fingerprints.c.function),
        distinct(fingerprints.c.error_type),
        tuple(map(str, servers)),
    )
