"""``gearmang dead compact``."""

from __future__ import annotations

import click

from gearmang.cli.options import json_option, store_option


@click.command()
@store_option
@json_option
def compact(store: str, as_json: bool) -> None:
    """Make a store of an earlier version as small as a new one, and give back what is free.

    An SQLite store is written anew as a whole: stop the collector for it, and have as much free
    space as the store takes.

    Example: gearmang dead compact --store /var/lib/gearmang/dead_letters.db
    """
    from gearmang.cli.dead.progress import progress_bar
    from gearmang.cli.dead.wording import size
    from gearmang.dead_letters.looking.browse import count
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.seam import Store
    from gearmang.dead_letters.store.space import compact as run

    with Store(store) as opened:
        with opened.reading() as connection:
            letters = count(connection, Filter(state=None))
        with progress_bar(letters, "compressed") as advance:
            freed = run(opened, progress=advance)
    if as_json:
        from gearmang.cli.output import print_json

        print_json({"store": str(opened), "freed_bytes": freed})
    else:
        click.echo(f"{opened} takes {size(max(0, freed))} less")
