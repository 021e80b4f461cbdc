"""``gearmang dead migrate``."""

from __future__ import annotations

import click

from gearmang.cli.options import json_option, store_option


@click.command()
@store_option
@json_option
def migrate(store: str, as_json: bool) -> None:
    """Make the store's tables, or bring them to what this version needs.

    Example: gearmang dead migrate --store postgresql://gearmang@db1/gearmang
    """
    from gearmang.dead_letters.store.migrating import migrate as run
    from gearmang.dead_letters.store.seam import Store

    with Store(store) as opened:
        before, after = run(opened)
    if as_json:
        from gearmang.cli.output import print_json

        print_json({"store": str(opened), "before": before, "after": after})
    elif before == after:
        click.echo(f"{opened} is at revision {after} already")
    else:
        click.echo(f"{opened} is at revision {after} now (before: {before or 'no tables'})")
