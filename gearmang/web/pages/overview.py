"""``/``: all functions and servers, what needs attention first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from gearmang.dead_letters.arriving.letter import DEAD_FUNCTION
from gearmang.watch.overview import Row
from gearmang.watch.poll import Snapshot
from gearmang.web.desk import Desk
from gearmang.web.polling import Sight
from gearmang.web.query import link, number, query_of
from gearmang.web.rendering import render
from gearmang.web.verdicts import Motion, verdict_of

ROWS: Final = 200  # functions on one page
_MOST_ATTENTION: Final = 12  # lines


class Concern(NamedTuple):
    """One line of what needs attention."""

    word: str
    kind: str
    about: str
    told: str
    href: str | None = None


def page(request: Request) -> Response:
    """The page."""
    desk: Desk = request.app.state.desk
    query = query_of(request)
    sight = desk.poller.sight
    rows = [] if sight is None else [(verdict_of(sight, row), row) for row in sight.seen.rows]
    rows.sort(key=lambda pair: (pair[0].order, -pair[1].sums.waiting))
    wanted = query.get("q", "").lower()
    matching = [pair for pair in rows if wanted in pair[1].sums.name.lower()] if wanted else rows
    start = int(number(query, "from", least=0) or 0)
    shown = matching[start : start + ROWS]
    sums = [row.sums for _, row in rows]
    return render(
        request,
        "overview.html",
        title="Overview",
        here="/",
        query={"q": query.get("q")},
        sums={
            "functions": len(sums),
            "waiting": sum(one.waiting for one in sums),
            "running": sum(one.running for one in sums),
            "workers": sum(one.workers for one in sums),
        },
        letters=None if sight is None else sight.letters,
        attention=[]
        if sight is None
        else attention(sight, rows, has_store=desk.stores is not None),
        rows=[_shown(desk, verdict, row) for verdict, row in shown],
        matching=len(matching),
        shown_from=start + 1,
        shown_to=start + len(shown),
        earlier=link("/", q=query.get("q"), **{"from": max(0, start - ROWS)}) if start else None,
        later=link("/", q=query.get("q"), **{"from": start + ROWS})
        if start + ROWS < len(matching)
        else None,
        servers=[] if sight is None else [*_servers(sight)],
    )


def attention(sight: Sight, rows: list[tuple[Motion, Row]], *, has_store: bool) -> list[Concern]:
    """What somebody should look at, the worst first; a dozen lines at most."""
    found = [Concern("lost", "bad", error.server, error.problem) for error in sight.seen.lost]
    found += [
        Concern(verdict.word, verdict.kind, row.sums.name, _told(row), function_href(row.sums.name))
        for verdict, row in rows
        if verdict.kind in ("bad", "warn")
    ]
    collectors = sum(row.sums.workers for _, row in rows if row.sums.name == DEAD_FUNCTION)
    if has_store and not collectors and not sight.seen.lost:
        told = "is connected: dead letters wait in gearmand; start `gearmang collect`"
        found.append(Concern("no collector", "warn", "", f"None {told}"))
    if sight.letters is not None:
        new = sight.letters.causes.get("new", 0) + sight.letters.causes.get("reopened", 0)
        if new:
            causes = f"{new} cause{'' if new == 1 else 's'}"
            found.append(Concern("new", "warn", causes, "nobody has looked at", "/causes"))
        if arrived := sight.letters.arrived_hour:
            href = link("/letters", since="1h", state="all")
            found.append(
                Concern("arrived", "warn", f"{arrived} dead letters", "within the last hour", href)
            )
    found.sort(key=lambda one: one.kind != "bad")
    if len(found) > _MOST_ATTENTION:
        more = len(found) - _MOST_ATTENTION + 1
        found = [*found[: _MOST_ATTENTION - 1], Concern("more", "warn", "", f"{more} more, below")]
    return found


def function_href(name: str) -> str:
    """The page of a function."""
    return link("/function", name=name)


def _told(row: Row) -> str:
    sums = row.sums
    return f"{sums.waiting} waiting, {sums.running} running, {sums.workers} workers"


def _shown(desk: Desk, verdict: Motion, row: Row) -> dict[str, Any]:
    return {
        "name": row.sums.name,
        "href": function_href(row.sums.name),
        "waiting": row.sums.waiting,
        "running": row.sums.running,
        "workers": row.sums.workers,
        "word": verdict.word,
        "kind": verdict.kind,
        "oldest_waiting": verdict.oldest_waiting,
        "oldest_running": verdict.oldest_running,
        "oldest_worker": row.oldest_worker,
        "hour": desk.samples.hour(row.sums.name),
    }


def _servers(sight: Sight) -> Iterator[dict[str, Any]]:
    for answer, crew in zip(sight.seen.answers, sight.seen.fleets, strict=True):
        if not isinstance(answer, Snapshot) or crew is None:
            problem = getattr(answer, "problem", "")
            yield {"server": str(answer.server), "word": "lost", "kind": "bad", "reply": None,
                   "problem": problem}  # fmt: skip
            continue
        yield {
            "server": str(answer.server),
            "word": f"gearmand {answer.version}",
            "kind": "good",
            "problem": None,
            "reply": answer.reply_seconds,
            "waiting": sum(one.waiting for one in answer.functions),
            "running": sum(one.running for one in answer.functions),
            "functions": len(answer.functions),
            "workers": crew.workers,
            "clients": crew.clients,
        }
