"""``gearmang status``: what every function waits for, on all servers, once."""

import time
from typing import Any

import click

from gearmang.admin.errors import AdminError
from gearmang.cli.options import json_option, servers_option
from gearmang.overview import Overview, Row, overview
from gearmang.poll import Snapshot, poll
from gearmang.server import Server

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
        from gearmang.cli.output import console

        screen = console()
        for table in tables(servers, seen):
            screen.print(table)
    for error in seen.lost:
        from gearmang.terminal import clean

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


def tables(servers: tuple[Server, ...], seen: Overview) -> list[Any]:
    """The overview for people: functions, then servers."""
    from gearmang.cli.durations import short
    from gearmang.cli.output import cell, table

    several = len(servers) > 1
    heads = [str(server) for server in servers] if several else []
    numbers = ("waiting", "running", "workers", "oldest", *heads)
    functions = table("function", *numbers, right=numbers)
    for row in seen.rows:
        parts = [
            "-" if part is None else f"{part.waiting}/{part.running}/{part.workers}"
            for part in (row.parts if several else ())
        ]
        sums = row.sums
        functions.add_row(
            cell(sums.name),
            cell(sums.waiting, "yellow" if sums.waiting and not sums.workers else ""),
            cell(sums.running),
            cell(sums.workers),
            cell(short(row.oldest_worker)),
            *map(cell, parts),
        )
    hosts = table("server", "state", "reply", "functions", "workers", "clients")
    for server, answer, crew in zip(servers, seen.answers, seen.fleets, strict=True):
        if isinstance(answer, AdminError):
            hosts.add_row(cell(server), cell("lost", "red"))
        elif crew is not None:
            figures = (len(answer.functions), crew.workers, crew.clients)
            reply = f"{answer.reply_seconds * 1000:.1f} ms"
            hosts.add_row(
                cell(server), cell(f"gearmand {answer.version}"), cell(reply), *map(cell, figures)
            )
    return [functions, "", hosts]
