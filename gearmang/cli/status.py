"""``gearmang status``: what every function waits for, on all servers, once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import click

from gearmang.cli.columns import columns
from gearmang.cli.options import json_option, servers_option
from gearmang.durations import short
from gearmang.protocol.entries import FunctionStatus
from gearmang.protocol.errors import AdminError
from gearmang.protocol.server import Server
from gearmang.terminal import clean
from gearmang.watch.fleet import Fleet
from gearmang.watch.overview import Overview, Row, overview
from gearmang.watch.poll import Snapshot, poll

DEFAULT_TIMEOUT = 2.0  # seconds


@click.command(epilog="Example: gearmang status --server gm1:4730 --server gm2:4730 --json")
@servers_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.01),
    default=DEFAULT_TIMEOUT,
    show_default=True,
    help="Seconds for all servers together.",
)
@json_option
def status(servers: tuple[Server, ...], timeout: float, as_json: bool) -> None:
    """Print functions with waiting, running and workers, the longest queue first.

    Several servers are shown side by side and summed. Exits 1 when one of them gave no answer;
    the others are printed all the same.
    """
    seen = overview(poll(servers, timeout=timeout), time.time())
    if as_json:
        from gearmang.cli.output import print_json

        print_json(document(servers, seen))
    else:
        click.echo("\n".join(lines(servers, seen)))
    for error in seen.lost:
        click.echo(f"gearmang: {clean(str(error))}", err=True)
    if seen.lost:
        raise click.exceptions.Exit(1)


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
        "workers": sums.workers,
        "oldest_worker_seconds": row.oldest_worker,
        "servers": {
            str(server): {
                "waiting": part.waiting,
                "running": part.running,
                "workers": part.workers,
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
        "functions": len(answer.functions),
        "workers": crew.workers if crew else 0,
        "clients": crew.clients if crew else 0,
        "unreadable_ids": crew.unreadable if crew else 0,
    }


def lines(servers: tuple[Server, ...], seen: Overview) -> Iterator[str]:
    """The overview for people: functions, then servers."""
    several = len(servers) > 1
    heads = ["function", "waiting", "running", "workers", "oldest"]
    rows = [
        [
            *(row.sums.name, row.sums.waiting, row.sums.running, row.sums.workers),
            short(row.oldest_worker),
            *(map(_part, row.parts) if several else ()),
        ]
        for row in seen.rows
    ]
    heads += map(str, servers) if several else ()
    yield from columns(heads, rows, right=len(heads))
    yield ""
    hosts = [
        _host(server, answer, crew)
        for server, answer, crew in zip(servers, seen.answers, seen.fleets, strict=True)
    ]
    heads = ["server", "reply", "functions", "workers", "clients", "state"]
    yield from columns(heads, hosts, right=4)


def _part(part: FunctionStatus | None) -> str:
    return "-" if part is None else f"{part.waiting}/{part.running}/{part.workers}"


def _host(server: Server, answer: Snapshot | AdminError, crew: Fleet | None) -> list[object]:
    if isinstance(answer, AdminError) or crew is None:
        return [server, None, None, None, None, "lost"]
    reply = f"{answer.reply_seconds * 1000:.1f} ms"
    counts = (len(answer.functions), crew.workers, crew.clients)
    return [server, reply, *counts, answer.make]
