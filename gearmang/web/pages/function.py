"""``/function?name=…``: one function on all servers."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.errors import StoreError
from gearmang.watch.poll import Snapshot
from gearmang.watch.worker_id import WorkerId
from gearmang.web.desk import Desk
from gearmang.web.drawing import day
from gearmang.web.pages.causes import rows_of
from gearmang.web.polling import Sight
from gearmang.web.query import BadQuery, link, query_of
from gearmang.web.rendering import render
from gearmang.web.verdicts import Motion, verdict_of

MOST_WORKERS: Final = 200  # that are listed
_MOST_CAUSES: Final = 10
_GLOB_SIGNS: Final = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})


def page(request: Request) -> Response:
    """The page.

    Raises:
        BadQuery: no function was named.
    """
    desk: Desk = request.app.state.desk
    name = query_of(request).get("name")
    if name is None:
        raise BadQuery("which function? choose one from the overview")
    sight = desk.poller.sight
    row = next((one for one in (sight.seen.rows if sight else ()) if one.sums.name == name), None)
    verdict = Motion() if sight is None or row is None else verdict_of(sight, row)
    workers = [] if sight is None else workers_of(sight, name)
    known = row is not None or bool(workers)
    causes = None
    try:
        with desk.looking() as connection:
            chosen = Filter(function=name.translate(_GLOB_SIGNS))
            causes = rows_of(connection, chosen, limit=_MOST_CAUSES)
    except StoreError:
        pass  # the page says so in its place
    task = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return render(
        request,
        "function.html",
        200 if known or causes else 404,
        title=name,
        here="/",
        name=name,
        row=row,
        word=verdict.word,
        kind=verdict.kind,
        oldest_waiting=verdict.oldest_waiting,
        oldest_running=verdict.oldest_running,
        plot=day(desk.samples.day(name)),
        parts=[]
        if sight is None or row is None
        else [*zip((str(one.server) for one in sight.seen.answers), row.parts, strict=True)],
        workers=workers[:MOST_WORKERS],
        workers_left=max(0, len(workers) - MOST_WORKERS),
        causes=causes,
        letters_href=link("/letters", function=name.translate(_GLOB_SIGNS)),
        stats=desk.records.ask("stats", "--since=1h", f"--task={task}"),
        records_href=link("/records", task=task),
    )


def workers_of(sight: Sight, function: str) -> list[dict[str, Any]]:
    """The connections that serve a function, the oldest worker first, unreadable ids last."""
    found: list[dict[str, Any]] = []
    for answer in sight.seen.answers:
        if not isinstance(answer, Snapshot):
            continue
        for peer in answer.connections:
            if function not in peer.functions:
                continue
            identity = WorkerId.parse(peer.client_id)
            others = ", ".join(one for one in peer.functions if one != function)
            found.append(
                {
                    "name": peer.client_id if identity is None else _name(identity),
                    "host": peer.host if identity is None else identity.host,
                    "age": None if identity is None else identity.age(sight.at),
                    "at_job": None
                    if identity is None or identity.job_started is None
                    else max(0.0, sight.at - identity.job_started),
                    "server": str(answer.server),
                    "functions": f"also {others}" if others else "",
                }
            )
    found.sort(key=lambda one: -1.0 if one["age"] is None else one["age"], reverse=True)
    return found


def _name(identity: WorkerId) -> str:
    slot = "" if identity.slot is None else f" slot {identity.slot}"
    return f"{identity.name}, process {identity.pid}{slot}"
