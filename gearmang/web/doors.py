"""The doors for programs: /healthz, /readyz, /metrics, /probe and /scale."""

from __future__ import annotations

import math
import time
from typing import Any, Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gearmang.errors import BadServer
from gearmang.protocol.server import Server
from gearmang.watch.overview import overview
from gearmang.watch.poll import Snapshot, poll
from gearmang.web import figures
from gearmang.web.desk import Desk
from gearmang.web.exposition import CONTENT_TYPE
from gearmang.web.following import Following
from gearmang.web.polling import Sight
from gearmang.web.query import BadQuery, number, query_of

_PROBE_TIMEOUT: Final = 5.0  # seconds
DEFAULT_TARGET: Final = 1.0  # jobs that one worker is meant for


def healthz(_: Request) -> Response:
    """The process lives; nothing else is looked at."""
    return PlainTextResponse("alive\n")


def readyz(request: Request) -> Response:
    """Each part with ``ok`` or what is wrong; 503 where one is."""
    desk: Desk = request.app.state.desk
    parts = ready_parts(desk)
    ready = all(told == "ok" for told in parts.values())
    return JSONResponse({"ready": ready, "parts": parts}, 200 if ready else 503)


def ready_parts(desk: Desk) -> dict[str, str]:
    """What the page needs to be of use: a fresh poll, a gearmand that answers, the store."""
    sight = desk.poller.sight
    parts = {"poll": "ok" if desk.poller.is_fresh else "the last poll is too old"}
    if sight is not None:
        lost = [str(error) for error in sight.seen.lost]
        some = len(lost) < len(sight.seen.answers)
        parts["servers"] = "ok" if some else "; ".join(lost)
        if desk.stores is not None:
            told = "; ".join(problem for problem in sight.problems if problem not in lost)
            parts["store"] = "ok" if sight.letters is not None else told or "gave no answer"
    return parts


def metrics(request: Request) -> Response:
    """The figures of the last poll."""
    desk: Desk = request.app.state.desk
    text = figures.metrics(
        desk.poller.sight,
        most_functions=desk.settings.most_functions,
        has_store=desk.stores is not None,
        attempts=desk.attempts,
    )
    return Response(text, media_type=CONTENT_TYPE)


def probe(request: Request) -> Response:
    """One server polled now, if it is on the list: ``/probe?target=gm1:4730``."""
    desk: Desk = request.app.state.desk
    target = query_of(request).get("target", "")
    try:
        server = Server.parse(target)
    except BadServer as error:
        return _problem(400, str(error))
    if server not in (*desk.settings.servers, *desk.settings.probe):
        return _problem(403, f"{server} is on no list; name it with --probe {server}")
    answers = poll([server], timeout=_PROBE_TIMEOUT, priorities=True, keys=True)
    now = time.time()
    sight = Sight(now, overview(answers, now), Following().moves(answers, now))
    return Response(
        figures.of_one(sight, most_functions=desk.settings.most_functions),
        media_type=CONTENT_TYPE,
    )


def scale(request: Request) -> Response:
    """How many workers a function wants, for KEDA's metrics-api scaler.

    ``/scale/resize?target=5``: one worker for each five jobs that wait or run. A function that no
    gearmand knows wants none; while a gearmand is lost nobody knows, and 503 says so.
    """
    desk: Desk = request.app.state.desk
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    function = unquote(raw.decode("latin-1").partition("/scale/")[2], errors="surrogateescape")
    try:
        target = number(query_of(request), "target", least=0.001) or DEFAULT_TARGET
    except BadQuery as error:
        return _problem(400, str(error))
    sight = desk.poller.sight
    if sight is None or not desk.poller.is_fresh:
        return _problem(503, "nobody has looked lately; the figures would be old")
    if sight.seen.lost:
        return _problem(503, "; ".join(str(error) for error in sight.seen.lost))
    return JSONResponse(scaling(sight, function, target))


def scaling(sight: Sight, function: str, target: float) -> dict[str, Any]:
    """The document of `scale`."""
    waiting = running = workers = 0
    for answer in sight.seen.answers:
        if isinstance(answer, Snapshot):
            for one in answer.functions:
                if one.name == function:
                    waiting += one.waiting
                    running += one.running
                    workers += one.workers
    waits = [moves.waits[function] for moves in sight.moves if moves and function in moves.waits]
    ages = [age for wait in waits if (age := wait.age(sight.at)) is not None]
    return {
        "waiting": waiting,
        "running": running,
        "workers": workers,
        "wanted": math.ceil((waiting + running) / target),
        "age_seconds": max(ages, default=None),
    }


def _problem(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)
