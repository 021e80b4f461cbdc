"""``gearmang logs slow``: the slowest tasks."""

from __future__ import annotations

import click

from gearmang.cli.logs.options import asked, output_options, selection_options
from gearmang.cli.logs.printing import print_answer
from gearmang.records.selection import Selection


@click.command()
@selection_options
@click.option("-n", "count", type=click.IntRange(1), default=10, show_default=True)
@output_options
def slow(selection: Selection, count: int, form: str) -> None:
    """The slowest tasks, the slowest first.

    Example: gearmang logs slow --task resize --since 1d -n 20
    """
    from gearmang.records.questions import slowest

    with asked(selection.places, selection.since) as database:
        print_answer(slowest(database, selection, count), form)
