"""``gearmang dead prune``."""

from __future__ import annotations

from pathlib import Path

import click

from gearmang.cli.options import json_option, store_option
from gearmang.cli.times import Span


@click.command()
@click.option("--older-than", type=Span(), help="Delete letters stored longer ago: 180d.")
@click.option(
    "--max-dead",
    type=click.IntRange(0),
    metavar="N",
    help="Delete the oldest dead letters above N.",
)
@click.option(
    "--archive",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="A JSON-lines file that they are added to before they are deleted.",
)
@click.option("--yes", is_flag=True, help="Do it without asking.")
@store_option
@json_option
def prune(
    older_than: float | None,
    max_dead: int | None,
    archive: Path,
    yes: bool,
    store: str,
    as_json: bool,
) -> None:
    """Delete the oldest letters for good, once they are in an archive.

    Example: gearmang dead prune --older-than 180d --archive pruned.jsonl --yes
    """
    from gearmang.cli.dead.progress import progress_bar
    from gearmang.dead_letters.acting.pruning import count_excess
    from gearmang.dead_letters.acting.pruning import prune as run
    from gearmang.dead_letters.looking.browse import count
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.errors import NotAllowed
    from gearmang.dead_letters.store.seam import Store

    if older_than is None and max_dead is None:
        raise click.UsageError("give --older-than or --max-dead")
    with Store(store) as opened:
        import time

        until = None if older_than is None else time.time() - older_than
        with opened.reading() as connection:
            number = 0 if until is None else count(connection, Filter(state=None, until=until))
        if max_dead is not None:
            number = max(number, count_excess(opened, max_dead))
        if number and not yes:
            import sys

            if not sys.stdin.isatty() or not click.confirm(
                f"delete about {number} letters for good?", err=True
            ):
                raise NotAllowed(
                    f"nothing was deleted; about {number} letters would be, with --yes"
                )
        with progress_bar(number, "pruned") as advance:
            pruned = run(
                opened, archive, older_than=older_than, most_dead=max_dead, progress=advance
            )
    if as_json:
        from gearmang.cli.output import print_json

        print_json({"pruned": pruned, "archive": str(archive)})
    else:
        click.echo(f"pruned {pruned}" + (f" to {archive}" if pruned else ""))
