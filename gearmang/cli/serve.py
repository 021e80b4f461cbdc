"""``gearmang serve``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gearmang.cli.options import servers_option, store_option
from gearmang.cli.times import Span
from gearmang.cli.tls import tls_options
from gearmang.errors import BadServer
from gearmang.protocol.server import Server

if TYPE_CHECKING:
    from gearmang.web.listening import Listen

DEFAULT_LISTEN = "127.0.0.1:8730"
DEFAULT_SAMPLES = "/var/lib/gearmang/web.db"


@click.command()
@servers_option
@tls_options
@store_option
@click.option(
    "--records",
    "places",
    metavar="PLACE",
    multiple=True,
    envvar="GEARMANG_RECORDS",
    show_envvar=True,
    help="A folder, file or glob of task records; may be given several times.",
)
@click.option(
    "--listen",
    default=DEFAULT_LISTEN,
    show_default=True,
    metavar="ADDRESS",
    help="HOST:PORT, unix:/PATH for a proxy on this host, or systemd for the socket of a unit.",
)
@click.option(
    "--interval",
    type=Span(least=0.2),
    default="10s",
    show_default=True,
    help="The time between two polls of the servers.",
)
@click.option(
    "--samples",
    metavar="FILE",
    help=f"Where a day of samples is kept; {DEFAULT_SAMPLES} where that can be written, "
    "else memory.",
)
@click.option(
    "--probe",
    metavar="HOST:PORT",
    multiple=True,
    help="A further server that /probe may be asked about; repeatable.",
)
@click.option(
    "--max-functions",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="Functions of one server that /metrics lists; the shortest queues are summed.",
)
@click.option("--hide-payloads", is_flag=True, help="Show a payload only to who asks for it.")
@click.option(
    "--trace-url",
    metavar="URL",
    help="Link each job to its trace: https://traces.example/{id}, where {id} is the job's.",
)
@click.option("--allow-changes", is_flag=True, help="Let operators act on dead letters.")
@click.option(
    "--user-header",
    metavar="NAME",
    help="The header in which a proxy says who is asking, such as X-Forwarded-User.",
)
@click.option("--group-header", metavar="NAME", help="The header with their groups, by commas.")
@click.option(
    "--trusted-proxy",
    "proxies",
    metavar="ADDRESS",
    multiple=True,
    help="An address or network whose headers are believed; over unix: they are. Repeatable.",
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Without a proxy: one NAME TOKEN a line; browsers ask for them.",
)
@click.option(
    "--roles",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file of who may do what; without it whoever is known may do everything.",
)
@click.option(
    "--allow-host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="A name that the page is asked under, besides localhost; repeatable.",
)
def serve(
    servers: tuple[Server, ...],
    store: str,
    places: tuple[str, ...],
    listen: str,
    interval: float,
    samples: str | None,
    probe: tuple[str, ...],
    max_functions: int,
    hide_payloads: bool,
    trace_url: str | None,
    allow_changes: bool,
    user_header: str | None,
    group_header: str | None,
    proxies: tuple[str, ...],
    token_file: Path | None,
    roles: Path | None,
    hosts: tuple[str, ...],
) -> None:
    """Show the pipeline in a browser, and its figures to Prometheus and KEDA.

    Doors for programs: /metrics, /probe?target=HOST:PORT, /scale/FUNCTION, /healthz, /readyz.
    `--store none` looks at no dead letters. Ends cleanly on SIGTERM.

    Example: gearmang serve --server gm1:4730 --server gm2:4730
    """
    try:
        from gearmang.web.app import application
        from gearmang.web.desk import Desk
        from gearmang.web.listening import CannotListen, Listen, opened_until_told, run
    except ModuleNotFoundError as error:
        from gearmang.errors import GearmangError

        raise GearmangError(f"the page needs {error.name}: pip install 'gearmang[web]'") from error
    from gearmang.web.access import Access
    from gearmang.web.people import networks_of, roles_of, tokens_of
    from gearmang.web.settings import PageSettings

    try:
        where = Listen.parse(listen)
        further = tuple(map(Server.parse, probe))
    except BadServer as error:
        raise click.UsageError(str(error)) from error
    if trace_url is not None and not trace_url.startswith(("https://", "http://")):
        raise click.UsageError("--trace-url: write http:// or https:// first")
    access = Access(
        allow_changes=allow_changes,
        user_header=user_header.lower() if user_header else None,
        group_header=group_header.lower() if group_header else None,
        trusted=networks_of(proxies),
        by_socket=where.path is not None,
        tokens=tokens_of(token_file) if token_file else (),
        roles=roles_of(roles) if roles else (),
    )
    if allow_changes and not access.knows_people:
        raise CannotListen(
            "--allow-changes: nobody could say who they are; give --user-header, or --token-file"
        )
    if user_header and not (proxies or access.by_socket):
        raise CannotListen("--user-header: nobody is believed yet; give --trusted-proxy too")
    if not (where.is_local or access.knows_people):
        raise CannotListen(
            f"{listen} is open to others, and nobody would be asked who they are;"
            " give --token-file, or --user-header with --trusted-proxy, or listen on 127.0.0.1"
        )
    settings = PageSettings(
        servers=servers,
        store=None if store == "none" else store,
        records=places,
        samples=samples or _usual_samples(),
        interval=interval,
        most_functions=max_functions,
        probe=further,
        hide_payloads=hide_payloads,
        trace_url=trace_url,
        access=access,
    )
    with opened_until_told(where) as opened, Desk(settings, _say) as desk:
        _announce(where)
        run(application(desk, hosts), opened)


def _usual_samples() -> str | None:
    """The usual file, where this process may write it."""
    usual = Path(DEFAULT_SAMPLES)
    there = usual if usual.exists() else usual.parent
    return str(usual) if os.access(there, os.W_OK) else None


def _announce(where: Listen) -> None:
    click.echo(f"gearmang serve: {where}", err=True)


def _say(text: str) -> None:
    from gearmang.terminal import clean

    click.echo(f"gearmang serve: {clean(text)}", err=True)
