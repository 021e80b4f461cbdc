"""What an operator may have done, each a form by POST: plan, carry out, pause, undo, edit.

The guard has refused already what came from another site, from a stranger, or while changes are
off; here it is asked whether this operator may do this to these functions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.editing import difference, edit
from gearmang.dead_letters.looking.browse import body, find
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.looking.history import acting_as
from gearmang.dead_letters.store.errors import NotAllowed, StoreError
from gearmang.dead_letters.store.rows import DeadLetter, Plan
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import dead_letters, plan_items
from gearmang.errors import GearmangError
from gearmang.web.access import Visitor
from gearmang.web.desk import Desk
from gearmang.web.letter_filter import filter_of, given
from gearmang.web.query import BadQuery, number, pairs_of
from gearmang.web.rendering import render

_LONGEST_WHY: Final = 500  # characters
_STORE_TIMEOUT: Final = 5.0  # seconds that a form waits for another's lock
Form = list[tuple[str, str]]


class Forbidden(GearmangError):
    """This operator may not do that."""


def form(act: Callable[[Request, Form], Response]) -> Callable[[Request], Any]:
    """A handler of POST: the form's fields are read, the act is done in a thread."""

    async def answer(request: Request) -> Response:
        fields = pairs_of((await request.body()).decode("latin-1"))
        return await run_in_threadpool(act, request, fields)

    return answer


def propose(request: Request, fields: Form) -> Response:
    """Freeze a choice of letters as a plan; nothing happens to them yet."""
    visitor, values = visitor_of(request), dict(fields)
    action = values.get("action", "")
    if action not in ("requeue", "remove"):
        raise BadQuery(f"action: {action!r} is none; there are requeue and remove")
    chosen: Filter | None = None
    ids = [value for name, value in fields if name == "id"]
    if values.get("which") == "all":
        chosen, ids = filter_of({**given(values), "state": "dead"}), []
    elif not ids:
        raise BadQuery("no letter was ticked; go back and tick some, or choose all that match")
    with acting_as(visitor.name), store_of(request) as store, store.writing() as connection:
        rows = [find(connection, one) for one in ids]
        plan = plans.propose(
            connection,
            action,
            ids=None if chosen else [row.id for row in rows],
            chosen=chosen,
            told=chosen.told() if chosen else " ".join(row.death_id for row in rows),
            why=why_of(values),
        )
        if not plan.letters:
            raise NotAllowed(f"nothing to {action}: {_fate(rows)}")
        require(visitor, action, functions_of(connection, plan))
    return _to_plan(plan.plan)


def start(request: Request, fields: Form) -> Response:
    """Carry a plan out, or go on with it."""
    values = {name: value for name, value in fields if value.strip()}
    plan, visitor = _plan(request)
    first = number(values, "canary", least=1)
    _desk(request).errands.start(
        plan,
        visitor.name,
        first=None if first is None else int(first),
        rate=number(values, "rate", least=0.1),
    )
    return _to_plan(plan.plan)


def pause(request: Request, _: Form) -> Response:
    """Stop a plan after the letters that are at hand."""
    plan, visitor = _plan(request)
    _desk(request).errands.pause(plan.plan, visitor.name)
    return _to_plan(plan.plan)


def undo(request: Request, fields: Form) -> Response:
    """Take a plan back."""
    plan, visitor = _plan(request)
    _desk(request).errands.undo(plan, visitor.name, why_of(dict(fields)))
    return _to_plan(plan.plan)


def edit_page(request: Request) -> Response:
    """The payload in a form."""
    row, payload = _letter(request)
    return _editor(request, row, payload, text=_text(payload))


def edit_letter(request: Request, fields: Form) -> Response:
    """Show what an edit would change, or save it."""
    row, payload = _letter(request)
    values = dict(fields)
    text = values.get("payload", "").replace("\r\n", "\n")  # a form's line ends are always CRLF
    try:
        after = _bytes(text, payload)
        if values.get("seen") != _digest(payload):
            raise NotAllowed("somebody has edited it meanwhile; this is what it is now")  # noqa: TRY301 # the form shows it like the others
        if values.get("step") != "save":
            told = difference(payload, after).splitlines()
            return _editor(request, row, payload, text=text, values=values, told=told)
        with (
            acting_as(visitor_of(request).name),
            store_of(request) as store,
            store.writing() as connection,
        ):
            edit(connection, find(connection, row.death_id), payload, after, why=why_of(values))
    except NotAllowed as error:
        return _editor(request, row, payload, text=text, values=values, problem=str(error))
    return RedirectResponse(f"/letters/{row.death_id}", 303)


def functions_of(connection: Connection, plan: Plan) -> set[str]:
    """The functions that a plan is about."""
    query = (
        select(dead_letters.c.function)
        .join(plan_items, plan_items.c.id == dead_letters.c.id)
        .where(plan_items.c.plan == plan.plan)
        .distinct()
    )
    return {*connection.scalars(query), *([plan.function] if plan.function else [])}


def _editor(
    request: Request,
    row: DeadLetter,
    payload: bytes,
    *,
    text: str,
    values: dict[str, str] | None = None,
    told: list[str] | None = None,
    problem: str | None = None,
) -> Response:
    return render(
        request,
        "edit.html",
        409 if problem else 200,
        title=f"Edit {row.death_id}",
        here="/letters",
        letter=row,
        text=text,
        seen=_digest(payload),
        why=(values or {}).get("why", ""),
        difference=told,
        problem=problem,
    )


def _letter(request: Request) -> tuple[DeadLetter, bytes]:
    with _desk(request).looking() as connection:
        row = find(connection, request.path_params["id"])
        payload = body(connection, row.id).payload
    require(visitor_of(request), "edit", {row.function})
    return row, payload


def _plan(request: Request) -> tuple[Plan, Visitor]:
    """The plan of the path, and who may do what it does."""
    with _desk(request).looking() as connection:
        plan = plans.get(connection, request.path_params["id"])
        functions = functions_of(connection, plan)
    visitor = visitor_of(request)
    require(visitor, {"requeue": "requeue", "edit": "edit"}.get(plan.action, "remove"), functions)
    return plan, visitor


def _text(payload: bytes) -> str:
    """The payload for a form: JSON set out, text as it is.

    Raises:
        NotAllowed: it is neither, or a form would change it.
    """
    try:
        return orjson.dumps(orjson.loads(payload), option=orjson.OPT_INDENT_2).decode()
    except ValueError:
        pass
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if set(text) & {"\0", "\r"}:
        raise NotAllowed("the payload is no text that a form can hold; use `gearmang dead edit`")
    return text


def _bytes(text: str, before: bytes) -> bytes:
    """The payload that a form's text is; JSON stays JSON."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotAllowed("that is no UTF-8") from None
    try:
        was = orjson.loads(before)
    except ValueError:
        return data
    try:
        document = orjson.loads(data)
    except ValueError as error:
        raise NotAllowed(f"that is no JSON any more: {error}") from None
    return before if document == was else orjson.dumps(document)


def _digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def _fate(rows: list[DeadLetter]) -> str:
    told = [
        f"{row.death_id} is {row.state}{f' by plan {row.plan}' if row.plan else ''}" for row in rows
    ]
    return "; ".join(told[:5]) or "no dead letter fits"


def require(visitor: Visitor, right: str, functions: set[str]) -> None:
    """Refuse what an operator may not do to these functions.

    Raises:
        Forbidden: their roles do not let them.
    """
    if not visitor.may(right, functions):
        raise Forbidden(f"{visitor.name} may not {right} letters of {', '.join(sorted(functions))}")


def store_of(request: Request) -> Store:
    """A store for one act.

    Raises:
        StoreError: the page was started without one.
    """
    desk = _desk(request)
    if desk.settings.store is None:
        raise StoreError("the page was started without a store; name one with --store")
    return Store(desk.settings.store, timeout=_STORE_TIMEOUT)


def why_of(values: dict[str, str]) -> str | None:
    """The operator's reason, for the history."""
    return values.get("why", "").strip()[:_LONGEST_WHY] or None


def _to_plan(plan: str) -> Response:
    return RedirectResponse(f"/plans/{plan}", 303)


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def visitor_of(request: Request) -> Visitor:
    """Who is asking."""
    visitor: Visitor = request.scope["visitor"]
    return visitor
