"""``gearmang dead history``."""

from __future__ import annotations

import click

from gearmang.cli.options import json_option, store_option
from gearmang.cli.times import Moment
from gearmang.durations import iso, told


@click.command()
@click.option("--operator", metavar="NAME", help="By whom: NAME or NAME@HOST.")
@click.option("--plan", metavar="PLAN", help="Of one plan.")
@click.option("--job", metavar="ID", help="Of one dead letter or job.")
@click.option("--since", type=Moment(), help="At or after: 2h ago, or a date.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@store_option
@json_option
def history(
    operator: str | None,
    plan: str | None,
    job: str | None,
    since: float | None,
    limit: int,
    store: str,
    as_json: bool,
) -> None:
    """The event log: who did what, when and why; newest first.

    Example: gearmang dead history --operator anna --since 7d
    """
    from gearmang.cli.output import cell, console, print_json, table
    from gearmang.dead_letters.looking.history import history as read
    from gearmang.dead_letters.store.seam import Store

    with Store(store) as opened, opened.reading() as connection:
        found = read(connection, who=operator, plan=plan, job=job, since=since, limit=limit)
    if as_json:
        print_json([event._asdict() | {"at": iso(event.at)} for event in found])
        return
    shown = table("WHEN", "WHO", "WHAT", "PLAN", "OF", "WHY", "DETAIL")
    for event in found:
        of = event.id or event.fingerprint
        detail = event.detail
        if detail and "\n" in detail:  # the difference that an edit made
            detail = f"gearmang dead show {of}"
        cells = (event.who, event.what, event.plan, of, event.why, detail)
        shown.add_row(cell(told(event.at)), *map(cell, cells))
    console().print(shown)
