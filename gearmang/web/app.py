"""The ASGI application: which path is which page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gearmang.dead_letters.store.errors import (
    AmbiguousId,
    NoSuchLetter,
    NotAllowed,
    StoreError,
)
from gearmang.web import acts, doors
from gearmang.web.desk import Desk
from gearmang.web.guard import Guard
from gearmang.web.pages import (
    cause,
    causes,
    function,
    letter,
    letters,
    overview,
    plan,
    plans,
    records,
)
from gearmang.web.query import BadQuery
from gearmang.web.rendering import render, static

_WORTH_PACKING = 1_000  # bytes of an answer
_LEVEL = 1  # of gzip: 12 MB of figures are packed in a twentieth of a second


def application(desk: Desk, hosts: Collection[str] = ()) -> ASGIApp:
    """All pages and doors, behind the guard.

    Args:
        hosts: names that the page is asked under, besides those of this host.
    """
    app = Starlette(
        routes=[
            Route("/", overview.page),
            Route("/function", function.page),
            Route("/causes", causes.page),
            Route("/causes/{id}", cause.page, methods=["GET"]),
            Route("/causes/{id}", acts.form(cause.say), methods=["POST"]),
            Route("/letters", letters.page),
            Route("/letters/{id}", letter.page),
            Route("/letters/{id}/edit", acts.edit_page, methods=["GET"]),
            Route("/letters/{id}/edit", acts.form(acts.edit_letter), methods=["POST"]),
            Route("/plans", plans.page, methods=["GET"]),
            Route("/plans", acts.form(acts.propose), methods=["POST"]),
            Route("/plans/{id}", plan.page),
            Route("/plans/{id}/start", acts.form(acts.start), methods=["POST"]),
            Route("/plans/{id}/pause", acts.form(acts.pause), methods=["POST"]),
            Route("/plans/{id}/undo", acts.form(acts.undo), methods=["POST"]),
            Route("/records", records.page),
            Route("/static/{name}", static),
            Route("/healthz", doors.healthz),
            Route("/readyz", doors.readyz),
            Route("/metrics", doors.metrics),
            Route("/probe", doors.probe),
            Route("/scale/{function:path}", doors.scale),
        ],
        exception_handlers={
            Exception: _failed,
            404: _nothing,
            405: _nothing,
            NoSuchLetter: _problem(404, "Not here"),
            AmbiguousId: _problem(300, "Several"),
            acts.Forbidden: _problem(403, "Not for you"),
            BadQuery: _problem(400, "That cannot be asked"),
            NotAllowed: _problem(409, "That cannot be done now"),
            StoreError: _problem(503, "The store does not answer"),
        },
    )
    app.state.desk = desk
    packed = GZipMiddleware(app, minimum_size=_WORTH_PACKING, compresslevel=_LEVEL)
    return Guard(packed, desk.settings.access, hosts)


def _problem(status: int, title: str) -> Any:
    """What answers an error: a page with its sentence."""

    def answer(request: Request, error: Exception) -> Response:
        return render(request, "problem.html", status, title=title, sentence=str(error))

    return answer


def _nothing(request: Request, error: Exception) -> Response:
    sentence = "There is no page at this address."
    return render(request, "problem.html", 404, title="Not here", sentence=sentence)


def _failed(request: Request, error: Exception) -> Response:
    """What nobody foresaw: the log has it whole, the page one sentence."""
    sentence = f"The page failed by a mistake of its own: {type(error).__name__}. The log has more."
    return render(request, "problem.html", 500, title="A mistake", sentence=sentence)
