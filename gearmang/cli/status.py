"""``gearmang status``: what every function waits for, on all servers, once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from typing import Any

import click

from gearmang.cli.columns import columns
from gearmang.cli.options import json_option, servers_option
from gearmang.cli.tls import tls_options
from gearmang.durations import short
from gearmang.protocol.entries import FunctionStatus
from gearmang.protocol.errors import AdminError
from gearmang.protocol.server import Server
from gearmang.terminal import clean
from gearmang.watch.course import continued
from gearmang.watch.fleet import Fleet
from gearmang.watch.movement import Flow, Past, judge
from gearmang.watch.overview import Overview, Row, overview
from gearmang.watch.poll import Snapshot, poll

DEFAULT_TIMEOUT = 2.0  # seconds
WATCHED_WINDOW = 60.0  # seconds over which --watch judges movement


@click.command(epilog="Example: gearmang status --server gm1:4730 --server gm2:4730 --json")
@servers_option
@tls_options
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.01),
    default=DEFAULT_TIMEOUT,
    show_default=True,
    help="Seconds for all servers together.",
)
@click.option("--priorities", is_flag=True, help="Show waiting jobs by priority, too.")
@click.option(
    "--watch",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="Look again and again, and tell how each queue moves, until Ctrl-C.",
)
@json_option
def status(
    servers: tuple[Server, ...],
    timeout: float,
    priorities: bool,
    watch: float | None,
    as_json: bool,
) -> None:
    """Print functions with waiting, running and workers, the longest queue first.

    "oldest" is the age of the oldest worker, "waited" and "ran" tell how long the oldest waiting
    and running job did, where a key or a worker says so: "2h (50%)" by half of the jobs, "<4m"
    where --watch has seen the queue empty since and no job says more. Several servers are shown
    side by side and summed. Exits 1 when one of them gave no answer; the others are printed.
    """
    pasts: dict[Server, Past] = {}

    def look() -> Overview:
        answers = poll(servers, timeout=timeout, priorities=priorities, keys=True)
        now = time.time()
        flows = () if watch is None else _flows(servers, answers, now, pasts)
        return overview(answers, now, flows)

    seen = look()
    try:
        _print(servers, seen, as_json=as_json, live=watch is not None)
        while watch is not None:
            time.sleep(watch)
            seen = look()
            _print(servers, seen, as_json=as_json, live=True)
    except KeyboardInterrupt:
        pass  # how --watch ends
    if seen.lost:
        raise click.exceptions.Exit(1)


def _flows(
    servers: tuple[Server, ...],
    answers: Sequence[Snapshot | AdminError],
    now: float,
    pasts: dict[Server, Past],
) -> list[dict[str, Flow] | None]:
    """How each server's queues move; a server that is lost now is judged anew when it is back."""
    found: list[dict[str, Flow] | None] = []
    for server, answer in zip(servers, answers, strict=True):
        if isinstance(answer, Snapshot):
            pasts[server] = continued(pasts.get(server), answer, now, window=WATCHED_WINDOW)
            found.append(judge(pasts[server], WATCHED_WINDOW))
        else:
            found.append(None)
    return found


def _print(servers: tuple[Server, ...], seen: Overview, *, as_json: bool, live: bool) -> None:
    if as_json:
        from gearmang.cli.output import print_json

        print_json(document(servers, seen))
    else:
        if live:
            click.clear()  # which does nothing where there is no terminal
        click.echo("\n".join(lines(servers, seen)))
    for error in seen.lost:
        click.echo(f"gearmang: {clean(str(error))}", err=True)


def document(servers: tuple[Server, ...], seen: Overview) -> dict[str, Any]:
    """The overview for programs: ``functions`` summed and by server, and ``servers``."""
    return {
        "functions": [_function(servers, row) for row in seen.rows],
        "servers": [
            _server(server, answer, number, seen)
            for number, (server, answer) in enumerate(zip(servers, seen.answers, strict=True))
        ],
    }


def _function(servers: tuple[Server, ...], row: Row) -> dict[str, Any]:
    sums = row.sums
    return {
        "function": sums.name,
        "waiting": sums.waiting,
        "running": sums.running,
        "workers": row.workers,
        "registrations": sums.workers,
        "oldest_worker_seconds": row.oldest_worker,
        "waited_seconds": _rounded(row.waited),
        "waited_share": round(row.share, 3),
        "waited_at_most_seconds": _rounded(row.waited_at_most),
        "ran_seconds": _rounded(row.ran),
        **({} if row.flow is None else {"flow": row.flow.verdict, "drain_seconds": row.flow.drain}),
        "servers": {
            str(server): {
                "waiting": part.waiting,
                "running": part.running,
                "registrations": part.workers,
            }
            for server, part in zip(servers, row.parts, strict=True)
            if part is not None
        },
    }


def _server(
    server: Server, answer: Snapshot | AdminError, number: int, seen: Overview
) -> dict[str, Any]:
    if isinstance(answer, AdminError):
        return {"server": str(server), "up": False, "error": str(answer)}
    crew = seen.fleets[number]
    return {
        "server": str(server),
        "up": True,
        "version": answer.version,
        "pid": answer.pid,
        "reply_seconds": round(answer.reply_seconds, 6),
        "unanswered": list(answer.unanswered),
        "priorities": None
        if answer.priorities is None
        else {one.name: one._asdict() for one in answer.priorities},
        "functions": len(answer.functions),
        "workers": crew.workers if crew else None,
        "clients": crew.clients if crew else None,
        "unreadable_ids": crew.unreadable if crew else None,
    }


def lines(servers: tuple[Server, ...], seen: Overview) -> Iterator[str]:
    """The overview for people: functions, then servers."""
    several = len(servers) > 1
    moving = any(row.flow for row in seen.rows)
    ranks = _priorities(seen)
    heads = ["function", "waiting", "running", "workers", "oldest", "waited", "ran"]
    rows = [
        [
            *(row.sums.name, row.sums.waiting, row.sums.running, row.workers),
            *(short(row.oldest_worker), row.wait_told, short(row.ran)),
            *((_moves(row.flow),) if moving else ()),
            *(ranks.get(row.sums.name, "---") if ranks is not None else ()),
            *(map(_part, row.parts) if several else ()),
        ]
        for row in seen.rows
    ]
    heads += ["moves"] if moving else []
    heads += ["high", "normal", "low"] if ranks is not None else []
    heads += map(str, servers) if several else ()
    yield from columns(heads, rows, right=len(heads))
    yield ""
    hosts = [
        _host(server, answer, crew)
        for server, answer, crew in zip(servers, seen.answers, seen.fleets, strict=True)
    ]
    heads = ["server", "reply", "functions", "workers", "clients", "state"]
    yield from columns(heads, hosts, right=4)
    for answer in seen.answers:
        if isinstance(answer, Snapshot) and answer.unanswered:
            yield f"{answer.server} answers no {', no '.join(answer.unanswered)}"


def _moves(flow: Flow | None) -> str:
    if flow is None:
        return "-"
    return f"{flow.verdict}, {short(flow.drain)} to go" if flow.drain is not None else flow.verdict


def _priorities(seen: Overview) -> dict[str, tuple[int, int, int]] | None:
    """Function → waiting jobs by priority, summed over the servers that tell; None if none does."""
    told = [
        answer.priorities
        for answer in seen.answers
        if isinstance(answer, Snapshot) and answer.priorities is not None
    ]
    found: dict[str, tuple[int, int, int]] = {}
    for one in itertools.chain(*told):
        high, normal, low = found.get(one.name, (0, 0, 0))
        found[one.name] = high + one.high, normal + one.normal, low + one.low
    return found if told else None


def _rounded(age: float | None) -> float | None:
    return None if age is None else round(age, 3)


def _part(part: FunctionStatus | None) -> str:
    return "-" if part is None else f"{part.waiting}/{part.running}/{part.workers}"


def _host(server: Server, answer: Snapshot | AdminError, crew: Fleet | None) -> list[object]:
    if isinstance(answer, AdminError):
        return [server, None, None, None, None, "lost"]
    reply = f"{answer.reply_seconds * 1000:.1f} ms"
    counts = (crew.workers, crew.clients) if crew else (None, None)
    return [server, reply, len(answer.functions), *counts, answer.make]
