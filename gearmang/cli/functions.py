"""``gearmang functions``: make gearmand forget a function that nobody serves any more."""

from __future__ import annotations

import click

from gearmang.cli.options import servers_option
from gearmang.cli.tls import tls_options
from gearmang.errors import GearmangError
from gearmang.protocol.admin import AdminClient
from gearmang.protocol.server import Server
from gearmang.terminal import clean


class StillInUse(GearmangError):
    """A function with jobs or workers is not dropped."""


@click.group()
def functions() -> None:
    """Take functions out of gearmand, which remembers each for ever.

    Example: gearmang functions drop old.resize
    """


@functions.command(epilog="Example: gearmang functions drop old.resize --server gm1:4730 --yes")
@click.argument("name")
@servers_option
@tls_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(name: str, servers: tuple[Server, ...], yes: bool) -> None:
    """Make gearmand forget the function NAME.

    Refuses on every server while it has a job or a worker on any: nothing is lost by it. A server
    that does not know the function is left as it is. Exits 1 where it refuses.
    """
    known = [server for server in servers if _is_known(server, name)]
    shown = clean(name)
    if not known:
        raise GearmangError(f"no server knows the function {shown}; see `gearmang status`")
    where = ", ".join(map(str, known))
    if not yes and not click.confirm(f"Forget the function {shown} on {where}?", err=True):
        raise click.exceptions.Exit(1)
    for server in known:
        # Once more: while the question was open a job may have come. gearmand itself refuses
        # only where there is a worker.
        if _is_known(server, name):
            with AdminClient(server.host, server.port) as admin:
                admin.drop_function(name)
        click.echo(f"{server} has forgotten {shown}")


def _is_known(server: Server, name: str) -> bool:
    """Whether the server has the function, with nothing in it.

    Raises:
        StillInUse: it has jobs, or workers.
    """
    with AdminClient(server.host, server.port) as admin:
        found = [one for one in admin.status() if one.name == name]
    for one in found:
        if one.total or one.workers:
            raise StillInUse(
                f"{server} has {one.waiting} waiting and {one.running} running jobs and "
                f"{one.workers} workers of {clean(name)}; it is not dropped while it has any"
            )
    return bool(found)
