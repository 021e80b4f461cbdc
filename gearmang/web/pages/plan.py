"""``/plans/ID``: one plan, what became of its letters, and who was at it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response

from gearmang.dead_letters.acting.plans import OPEN, causes_of, get
from gearmang.dead_letters.looking.history import history
from gearmang.dead_letters.store.tables import plan_items
from gearmang.web.acts import functions_of
from gearmang.web.desk import Desk
from gearmang.web.pages.plans import KINDS
from gearmang.web.rendering import render

_MOST_EVENTS: Final = 50
_MOST_LETTERS: Final = 20  # that are listed by id


def page(request: Request) -> Response:
    """The page.

    Raises:
        NoSuchLetter, AmbiguousId: the id in the path is none, or several.
        StoreError: the store does not answer.
    """
    desk: Desk = request.app.state.desk
    with desk.looking() as connection:
        plan = get(connection, request.path_params["id"])
        counted = connection.execute(
            select(plan_items.c.outcome, func.count())
            .where(plan_items.c.plan == plan.plan)
            .group_by(plan_items.c.outcome)
        ).all()
        functions = functions_of(connection, plan)
        causes = causes_of(connection, plan.plan)
        letters = connection.execute(
            select(plan_items.c.death_id, plan_items.c.outcome)
            .where(plan_items.c.plan == plan.plan)
            .order_by(plan_items.c.id)
            .limit(_MOST_LETTERS)
        ).all()
        events = [
            one for one in history(connection, plan=plan.plan, limit=_MOST_EVENTS)
            if not one.what.startswith("plan to ")
        ]  # fmt: skip
    outcomes = {row[0]: int(row[1]) for row in counted}
    left = outcomes.pop(None, 0)
    visitor = request.scope["visitor"]
    right = "requeue" if plan.action == "requeue" else "remove"
    may, here = visitor.may(right, functions), desk.errands.is_at(plan.plan)
    acts = {
        "start": may and not here and plan.state in OPEN and bool(left),
        "pause": may and here,
        "undo": may and not here and plan.state in ("under way", "stopped", "done"),
    }
    return render(
        request,
        "plan.html",
        title=f"Plan {plan.plan}",
        here="/plans",
        plan=plan,
        kind=KINDS.get(plan.state, "unknown"),
        moving=here or plan.state == "under way",
        left=left,
        acts=acts | {"any": any(acts.values())},
        told=desk.errands.told(plan.plan),
        outcomes=[*outcomes.items()],
        causes=causes,
        letters=letters if plan.letters <= _MOST_LETTERS else [],
        events=events,
    )
