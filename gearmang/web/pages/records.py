"""``/records``: what tasks did in a window of time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gearmang.web.desk import Desk
from gearmang.web.drawing import tasks
from gearmang.web.query import query_of
from gearmang.web.records_asked import PATIENCE
from gearmang.web.rendering import render

WINDOWS: Final = {"1h": "1m", "6h": "5m", "1d": "20m", "7d": "2h"}  # and their spans
_USUAL: Final = "1h"
_SLOWEST: Final = 10


def page(request: Request) -> Response:
    """The page."""
    desk: Desk = request.app.state.desk
    query = query_of(request)
    since = query.get("since", _USUAL)
    problem = None
    if since not in WINDOWS:
        problem = f"since: {since!r} is no window; choose {', '.join(WINDOWS)}"
        since = _USUAL
    every = WINDOWS[since]
    chosen = [f"--since={since}"]
    if task := query.get("task"):
        chosen.append(f"--task={task}")
    deadline = time.monotonic() + PATIENCE
    ask = desk.records.ask
    series = ask("stats", *chosen, f"--every={every}", deadline=deadline)
    points = by_time(series.rows)
    return render(
        request,
        "records.html",
        title="Records",
        here="/records",
        windows=[*WINDOWS],
        since=since,
        task=task,
        problem=problem,
        every=every,
        plot=tasks(points),
        top=max((p95 or 0.0 for _, _, p95 in points), default=0.0),
        stats=ask("stats", *chosen, deadline=deadline),
        slow=ask("slow", *chosen, f"-n{_SLOWEST}", deadline=deadline),
        failures=ask("failures", *chosen, deadline=deadline),
    )


def by_time(rows: Sequence[dict[str, Any]]) -> list[tuple[int, int, float | None]]:
    """Count, failures and the highest p95 of all tasks, for each span of time in its order."""
    spans: dict[str, tuple[int, int, float | None]] = {}
    for row in rows:
        count, failed, p95 = spans.get(str(row["time"]), (0, 0, None))
        higher = max((one for one in (p95, row["p95"]) if one is not None), default=None)
        spans[str(row["time"])] = (count + row["count"], failed + row["failures"], higher)
    return [spans[at] for at in sorted(spans)]
