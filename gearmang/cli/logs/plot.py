"""``gearmang logs plot``: throughput, failures and durations over time."""

from __future__ import annotations

from pathlib import Path

import click

from gearmang.cli.logs.options import asked, selection_options
from gearmang.cli.times import Span
from gearmang.records.errors import RecordsError
from gearmang.records.selection import Selection


@click.command()
@selection_options
@click.option("--by", default="task", show_default=True, help="The field that makes the drawings.")
@click.option("--of", default="duration_ms", show_default=True, help="The number to draw.")
@click.option("--every", "every_s", type=Span(least=1), help="One bar for each span, such as 5m.")
@click.option("-o", "--output", default="records.html", show_default=True, help="The HTML file.")
def plot(selection: Selection, by: str, of: str, every_s: float | None, output: str) -> None:
    """Draw throughput, failures and durations over time, by task and by cause, as one HTML page.

    The page needs nothing from the network.

    Example: gearmang logs plot --since 1d -o yesterday.html
    """
    from gearmang.masking import masked_text
    from gearmang.records.picture import picture
    from gearmang.records.sheet import sheet

    with asked(selection.places, selection.since) as database:
        every = None if every_s is None else int(every_s)
        found = picture(database, selection, by=by, of=of, every_s=every)
        if not found.whole:
            raise RecordsError(f"no records to draw in {', '.join(selection.places)}")
        title = f"Attempts by {by}, their failures and {of}"
        if of == "duration_ms":
            title = f"Attempts by {by}: how many, how many failed, how long they took"
        written(output, sheet(title, found, by=by, of=of, mask=masked_text))


def written(output: str, page: str) -> None:
    """Write a page and say where.

    Raises:
        RecordsError: it cannot be written.
    """
    try:
        Path(output).write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise RecordsError(f"cannot write {output}: {error.strerror}; name another -o") from None
    click.echo(output)
