"""The ASGI application: which path is which page."""

from __future__ import annotations

from collections.abc import Collection

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from gearmang.web import doors
from gearmang.web.desk import Desk
from gearmang.web.guard import Guard

_WORTH_PACKING = 1_000  # bytes of an answer
_LEVEL = 1  # of gzip: 12 MB of figures are packed in a twentieth of a second


def application(desk: Desk, hosts: Collection[str] = ()) -> ASGIApp:
    """All pages and doors, behind the guard.

    Args:
        hosts: names that the page is asked under, besides those of this host.
    """
    app = Starlette(
        routes=[
            Route("/healthz", doors.healthz),
            Route("/readyz", doors.readyz),
            Route("/metrics", doors.metrics),
            Route("/probe", doors.probe),
            Route("/scale/{function:path}", doors.scale),
        ]
    )
    app.state.desk = desk
    packed = GZipMiddleware(app, minimum_size=_WORTH_PACKING, compresslevel=_LEVEL)
    return Guard(packed, desk.settings.access, hosts)
