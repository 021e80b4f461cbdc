"""``/causes/FINGERPRINT``: one cause, and what people say of it."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gearmang.dead_letters.acting.caring import annotate, snooze
from gearmang.dead_letters.looking.causes import arrivals_by_hour, find_cause
from gearmang.dead_letters.looking.history import acting_as
from gearmang.durations import BadTime, seconds
from gearmang.web.acts import Form, require, store_of, visitor_of, why_of
from gearmang.web.desk import Desk
from gearmang.web.pages.causes import KINDS, is_quiet
from gearmang.web.pages.overview import function_href
from gearmang.web.query import BadQuery, link
from gearmang.web.rendering import render

RIGHT = "requeue"  # who may send its letters back may say what it is
LONGEST_QUIET = 10 * 365 * 86_400  # seconds
SAID = ("note", "assigned", "link")


def page(request: Request) -> Response:
    """The page.

    Raises:
        NoSuchLetter, AmbiguousId: the fingerprint in the path is none, or several.
        StoreError: the store does not answer.
    """
    desk: Desk = request.app.state.desk
    with desk.looking() as connection:
        cause = find_cause(connection, request.path_params["id"])
        hours = arrivals_by_hour(connection, [cause.fingerprint])[cause.fingerprint]
    return render(
        request,
        "cause.html",
        title=f"Cause {cause.fingerprint}",
        here="/causes",
        cause=cause,
        kind=KINDS.get(cause.state, "unknown"),
        hours=hours,
        quiet=is_quiet(cause, time.time()),
        may_say=visitor_of(request).may(RIGHT, {cause.function}),
        function_href=function_href(cause.function),
        letters_href=link("/letters", fingerprint=cause.fingerprint),
    )


def say(request: Request, fields: Form) -> Response:
    """Keep what an operator says of it: what was changed, and nothing else."""
    values = {name: value.strip() for name, value in fields}
    desk: Desk = request.app.state.desk
    with desk.looking() as connection:
        cause = find_cause(connection, request.path_params["id"])
    visitor = visitor_of(request)
    require(visitor, RIGHT, {cause.function})
    name = cause.fingerprint
    with acting_as(visitor.name), store_of(request) as store, store.writing() as connection:
        for what in SAID:
            if what in values and values[what] != (getattr(cause, what) or ""):
                annotate(connection, name, what, values[what])
        if values.get("quiet"):
            until, letters = quiet_for(values["quiet"], time.time())
            snooze(connection, name, until=until, letters=letters, why=why_of(values))
    return RedirectResponse(f"/causes/{name}", 303)


def quiet_for(text: str, now: float) -> tuple[float | None, int | None]:
    """The end of a snooze, as a time or as a number of letters; neither for ``off``.

    Args:
        now: in seconds since the epoch.

    Raises:
        BadQuery: it is none.
    """
    if text == "off":
        return None, None
    if text.isascii() and text.isdigit() and 0 < int(text) < 2**31:
        return None, int(text)
    try:
        span = seconds(text)
    except BadTime:
        span = 0.0
    if not 0 < span <= LONGEST_QUIET:
        raise BadQuery(f"quiet for {text[:40]!r}: write 3d, a number of letters, or off")
    return now + span, None
