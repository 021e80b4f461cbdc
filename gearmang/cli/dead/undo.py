"""``gearmang dead undo``."""

from __future__ import annotations

import click

from gearmang.cli.options import json_option, servers_option, store_option
from gearmang.cli.tls import tls_options
from gearmang.protocol.server import Server


@click.command()
@click.argument("plan")
@click.option("--reason", metavar="TEXT", help="Why, for the event log.")
@servers_option
@tls_options
@store_option
@json_option
def undo(
    plan: str, reason: str | None, servers: tuple[Server, ...], store: str, as_json: bool
) -> None:
    """Take a plan back: a removal, an edit, or a requeue as far as its jobs have not started.

    Example: gearmang dead undo 3f9a01c2
    """
    from gearmang.cli.dead.progress import progress_bar
    from gearmang.cli.dead.wording import letters
    from gearmang.dead_letters.acting.interrupted import complete_interrupted
    from gearmang.dead_letters.acting.plans import get
    from gearmang.dead_letters.acting.removal import undo as run
    from gearmang.dead_letters.store.seam import Store
    from gearmang.errors import NotQueued
    from gearmang.job.client import Client

    with Store(store) as opened:
        with opened.reading() as connection:
            row = get(connection, plan)
        with Client(servers) as client:
            try:
                complete_interrupted(opened, client)
            except NotQueued:
                if row.action == "requeue":
                    raise
        with progress_bar(row.letters, "taken back") as advance:
            result = run(opened, row.plan, why=reason, progress=advance)
    if as_json:
        from gearmang.cli.output import print_json

        print_json({"plan": row.plan, "restored": result.restored, "kept": result.kept})
        return
    if row.action == "edit":
        click.echo(f"as before: {letters(result.restored)} (plan {row.plan})")
        why = "have been requeued, removed or edited since, and stay as they are"
    else:
        click.echo(f"dead again: {letters(result.restored)} (plan {row.plan})")
        why = "had started or ended already, and stay requeued"
    if result.kept:
        click.echo(f"{result.kept} {why}")
