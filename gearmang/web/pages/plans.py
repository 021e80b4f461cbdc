"""``/plans``: what was planned, and who did what."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from gearmang.dead_letters.looking.history import history
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.rows import PLAN, Plan
from gearmang.dead_letters.store.tables import plans
from gearmang.web.desk import Desk
from gearmang.web.rendering import render

_MOST: Final = 50  # plans, and events
KINDS: Final = {
    "proposed": "unknown",
    "under way": "warn",
    "stopped": "bad",
    "done": "good",
    "undone": "unknown",
}


def page(request: Request) -> Response:
    """The page."""
    desk: Desk = request.app.state.desk
    made = events = None
    try:
        with desk.looking() as connection:
            query = select(*PLAN).order_by(plans.c.made_at.desc()).limit(_MOST)
            rows = map(Plan._make, connection.execute(query))
            made = [{**plan._asdict(), "kind": KINDS.get(plan.state, "unknown")} for plan in rows]
            found = history(connection, limit=_MOST)
            events = [one for one in found if not one.what.startswith("plan to ")]
    except StoreError:
        pass  # the page says so in its place
    return render(
        request,
        "plans.html",
        title="Plans and history",
        here="/plans",
        plans=made,
        events=events or [],
        earlier=None,
        later=None,
    )
