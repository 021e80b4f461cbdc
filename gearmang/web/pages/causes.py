"""``/causes``: dead letters by what they have in common."""

from __future__ import annotations

import time
from typing import Any, Final

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from gearmang.dead_letters.looking.causes import arrivals_by_hour, causes
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.rows import Cause
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
    found, known, problem = None, KnownValues(), None
    start = int(number(query, "from", least=0) or 0)
    try:
        chosen = filter_of(query)
        with desk.looking() as connection:
            known = known_values(connection, desk.settings.servers)
            found = rows_of(connection, chosen, limit=ROWS + 1, offset=start, given=given(query))
    except (BadQuery, StoreError) as error:
        problem = str(error)
    more = found is not None and len(found) > ROWS
    return render(
        request,
        "causes.html",
        title="Causes",
        here="/causes",
        query=Fields(query),
        known=known,
        problem=problem,
        causes=None if found is None else found[:ROWS],
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
    found = causes(connection, chosen, limit=limit, offset=offset)
    hours = arrivals_by_hour(connection, [cause.fingerprint for cause, _ in found])
    return [
        {
            "letters": letters,
            "state": cause.state,
            "kind": KINDS.get(cause.state, "unknown"),
            "function": cause.function,
            "error_type": cause.error_type,
            "message": masked_text(cause.error_message)[:LONGEST_MESSAGE],
            "place": cause.place,
            "last_seen": cause.last_seen,
            "hours": hours[cause.fingerprint],
            "fingerprint": cause.fingerprint,
            "said": said(cause, time.time()),
            "href": link("/letters", **{**(given or {}), "fingerprint": cause.fingerprint}),
        }
        for cause, letters in found
    ]


def said(cause: Cause, now: float) -> str:
    """What people say of a cause, in a cell: whose it is, that it is quiet, its note.

    Args:
        now: in seconds since the epoch.
    """
    quiet = "quiet" if is_quiet(cause, now) else None
    return ", ".join(filter(None, (cause.assigned, quiet, cause.note)))[:LONGEST_MESSAGE]


def is_quiet(cause: Cause, now: float) -> bool:
    """Whether it alerts nobody now."""
    return (cause.snoozed_until or 0.0) > now or bool(cause.snoozed_left)
