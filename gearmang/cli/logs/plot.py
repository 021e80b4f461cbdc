"""``gearmang logs plot``: durations and failures over time."""

from __future__ import annotations

from pathlib import Path

import click

from gearmang.cli.logs.options import asked, selection_options
from gearmang.cli.times import Span
from gearmang.records.errors import RecordsError
from gearmang.records.selection import Selection

SPANS = 120  # of time, if --every is not given
STEPS = (1, 5, 10, 30, 60, 300, 900, 1800, 3600, 4 * 3600, 86400, 7 * 86400)  # seconds
MOST_TASKS = 20


@click.command()
@selection_options
@click.option("--by", default="task", show_default=True, help="The field that makes the drawings.")
@click.option("--of", default="duration_ms", show_default=True, help="The number to draw.")
@click.option("--every", "every_s", type=Span(least=1), help="One point for each span, such as 5m.")
@click.option("-o", "--output", default="records.html", show_default=True, help="The HTML file.")
def plot(selection: Selection, by: str, of: str, every_s: float | None, output: str) -> None:
    """Draw durations (p50, p95, p99) and failures over time, as one HTML page.

    The page needs nothing from the network.

    Example: gearmang logs plot --since 1d -o yesterday.html
    """
    from gearmang.records.chart import Point, page
    from gearmang.records.statistics import span_of, statistics

    with asked(selection.places, selection.since) as database:
        wanted = int(every_s or _step(span_of(database, selection))) or 1
        rows = statistics(database, selection, by=by, of=of, every_s=wanted).answer.as_dicts()
    if not rows:
        raise RecordsError(f"no records to draw in {', '.join(selection.places)}")
    counts: dict[str, int] = {}
    for row in rows:
        counts[str(row[by])] = counts.get(str(row[by]), 0) + row["count"]
    names = sorted(counts, key=lambda name: -counts[name])[:MOST_TASKS]
    series = {
        name: [
            Point(row["time"], row["count"], row["failures"], row["p50"], row["p95"], row["p99"])
            for row in rows
            if str(row[by]) == name
        ]
        for name in names
    }
    unit = of.rpartition("_")[2] if of.endswith("_ms") else ""
    title = f"{of} by {by}"
    try:
        Path(output).write_text(
            page(title, series, wanted, unit), encoding="utf-8", errors="replace"
        )
    except OSError as error:
        raise RecordsError(f"cannot write {output}: {error.strerror}; name another -o") from None
    click.echo(output)


def _step(seconds: float) -> int:
    return next((step for step in STEPS if seconds / step <= SPANS), STEPS[-1])
