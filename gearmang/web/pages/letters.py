"""``/letters``: dead letters by filters, newest first, fifty at a time."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gearmang.dead_letters.looking import browse
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.rows import DeadLetter
from gearmang.masking import masked_text
from gearmang.web.desk import Desk
from gearmang.web.letter_filter import KnownValues, filter_of, given, known_values
from gearmang.web.pages.causes import LONGEST_MESSAGE
from gearmang.web.query import BadQuery, Fields, link, number, pairs_of, query_of
from gearmang.web.rendering import NOTHING, render

ROWS: Final = 50  # letters on one page
COLUMNS: Final = (
    *("stored", "function", "error", "message", "attempts", "state"),
    *("enqueued", "server", "worker", "revision", "size", "cause"),
)
USUAL: Final = COLUMNS[:6]
_SHORT_ID: Final = 8  # digits of a job's id


def page(request: Request) -> Response:
    """The page."""
    desk: Desk = request.app.state.desk
    query = query_of(request)
    pairs = pairs_of(request.scope["query_string"].decode("latin-1"))
    wanted = [value for name, value in pairs if name == "col"]
    columns = [column for column in COLUMNS if column in wanted] or [*USUAL]
    start = int(number(query, "from", least=0) or 0)
    found, total, known, problem = None, 0, KnownValues(), None
    try:
        chosen = filter_of(query)
        with desk.looking() as connection:
            known = known_values(connection, desk.settings.servers)
            found = browse.page(connection, chosen, limit=ROWS, offset=start)
            total = browse.count(connection, chosen)
    except (BadQuery, StoreError) as error:
        problem = str(error)
        total = len(found or ())

    visitor = request.scope["visitor"]

    def turned(to: int) -> str:
        chosen_columns = "".join(f"&col={column}" for column in columns) if wanted else ""
        return link("/letters", **given(query), **{"from": str(to)}) + chosen_columns

    return render(
        request,
        "letters.html",
        title="Letters",
        here="/letters",
        query=Fields(query),
        known=known,
        problem=problem,
        filtered=bool(given(query)),
        chosen=[*given(query).items()],
        may_choose=visitor.may("requeue") or visitor.may("remove"),
        all_columns=COLUMNS,
        columns=columns,
        letters=None if found is None else [*map(_shown, found)],
        total=total,
        earlier=turned(max(0, start - ROWS)) if start else None,
        later=turned(start + ROWS) if start + ROWS < total else None,
    )


def _shown(row: DeadLetter) -> dict[str, Any]:
    job, _, tries = row.death_id.rpartition("-")
    return {
        **row._asdict(),
        "short_id": f"{job[:_SHORT_ID]}-{tries}",
        "error": row.error_type,
        "message": masked_text(row.error_message)[:LONGEST_MESSAGE],
        "server": row.server or NOTHING,
        "worker": row.worker or NOTHING,
        "revision": row.revision or NOTHING,
    }
