"""``/causes``: dead letters by what they have in common."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from gearmang.dead_letters.looking.causes import arrivals_by_hour, groups
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.errors import StoreError
from gearmang.masking import masked_text
from gearmang.web.desk import Desk
from gearmang.web.letter_filter import KnownValues, filter_of, given, known_values
from gearmang.web.query import BadQuery, Fields, link, number, query_of
from gearmang.web.rendering import render

ROWS: Final = 50  # causes on one page
LONGEST_MESSAGE: Final = 160  # characters of an error's text in a table
KINDS: Final = {"new": "warn", "reopened": "bad", "known": "unknown", "resolved": "good"}


def page(request: Request) -> Response:
    """The page."""
    desk: Desk = request.app.state.desk
    query = query_of(request)
    causes, known, problem = None, KnownValues(), None
    start = int(number(query, "from", least=0) or 0)
    try:
        chosen = filter_of(query)
        with desk.looking() as connection:
            known = known_values(connection, desk.settings.servers)
            causes = rows_of(connection, chosen, limit=ROWS + 1, offset=start, given=given(query))
    except (BadQuery, StoreError) as error:
        problem = str(error)
    more = causes is not None and len(causes) > ROWS
    return render(
        request,
        "causes.html",
        title="Causes",
        here="/causes",
        query=Fields(query),
        known=known,
        problem=problem,
        causes=None if causes is None else causes[:ROWS],
        filtered=bool(given(query)),
        earlier=link("/causes", **given(query), **{"from": max(0, start - ROWS)})
        if start
        else None,
        later=link("/causes", **given(query), **{"from": start + ROWS}) if more else None,
    )


def rows_of(
    connection: Connection,
    chosen: Filter,
    *,
    limit: int,
    offset: int = 0,
    given: dict[str, str] | None = None,
) -> list[dict[str, Any]]:
    """The causes that a filter chooses, the largest first, ready for their table.

    Args:
        given: what else the links to their letters ask for.
    """
    found = groups(connection, chosen, limit=limit, offset=offset)
    hours = arrivals_by_hour(connection, [row.fingerprint for row in found])
    return [
        {
            "letters": row.letters,
            "state": row.state,
            "kind": KINDS.get(row.state, "unknown"),
            "function": row.function,
            "error_type": row.error_type,
            "message": masked_text(row.error_message)[:LONGEST_MESSAGE],
            "place": row.place,
            "last_seen": row.last_seen,
            "hours": hours[row.fingerprint],
            "fingerprint": row.fingerprint,
            "href": link("/letters", **{**(given or {}), "fingerprint": row.fingerprint}),
        }
        for row in found
    ]
