"""``gearmang logs stats``: count, rate, failures and quantiles."""

from __future__ import annotations

import click

from gearmang.cli.logs.options import asked, output_options, selection_options
from gearmang.cli.logs.printing import print_answer
from gearmang.cli.times import Span
from gearmang.records.selection import Selection


@click.command()
@selection_options
@click.option("--by", default="task", show_default=True, help="The field that makes the groups.")
@click.option("--of", default="duration_ms", show_default=True, help="The number to describe.")
@click.option("--every", "every_s", type=Span(least=1), help="One row for each span, such as 5m.")
@output_options
def stats(selection: Selection, by: str, of: str, every_s: float | None, form: str) -> None:
    """Count, rate per second, failures and quantiles, by task or any field.

    A field is a core one, or a dotted path of what tasks recorded: image.bytes.

    Example: gearmang logs stats --since 1h --every 5m --of image.bytes
    """
    from gearmang.records.statistics import statistics

    with asked(selection.places, selection.since) as database:
        found = statistics(
            database, selection, by=by, of=of, every_s=None if every_s is None else int(every_s)
        )
    print_answer(found.answer, form)
    if found.dropped:
        click.echo(
            f"{found.dropped} records were dropped by workers that could not write", err=True
        )
    if found.odd:
        click.echo(f"{found.odd} odd values (NaN, no time) were left out", err=True)
    if found.unreadable:
        click.echo(f"{found.unreadable} lines are no records and were left out", err=True)
