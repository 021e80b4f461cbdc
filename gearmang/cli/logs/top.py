"""``gearmang logs top``: who uses the time."""

from __future__ import annotations

import click

from gearmang.cli.logs.options import asked, output_options, selection_options
from gearmang.cli.logs.printing import print_answer
from gearmang.records.selection import Selection


@click.command()
@selection_options
@click.option("--by", default="task", show_default=True, help="The field that makes the groups.")
@output_options
def top(selection: Selection, by: str, form: str) -> None:
    """Who uses the time: sums of durations, the greatest first.

    workers_busy is how many workers the group kept busy on average.

    Example: gearmang logs top --by host --since 1h
    """
    from gearmang.records.questions import busiest

    with asked(selection.places, selection.since) as database:
        print_answer(busiest(database, selection, by), form)
