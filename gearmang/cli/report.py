"""``gearmang report``: what happened lately, as one page to mail."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from gearmang.cli.logs.options import DEFAULT_RECORDS, asked, moment_of
from gearmang.cli.logs.plot import written
from gearmang.cli.options import DEFAULT_STORE
from gearmang.cli.times import Moment
from gearmang.durations import DAY
from gearmang.records.errors import RecordsError
from gearmang.records.selection import Selection

if TYPE_CHECKING:
    from gearmang.records.sheet import Deaths

MOST_CAUSES = 20


@click.command()
@click.option(
    "--records",
    "places",
    metavar="PLACE",
    multiple=True,
    envvar="GEARMANG_RECORDS",
    default=(DEFAULT_RECORDS,),
    show_default=f"$GEARMANG_RECORDS, else {DEFAULT_RECORDS}",
    help="A folder, file or glob of records; may be given several times.",
)
@click.option(
    "--store",
    metavar="URL",
    envvar="GEARMANG_STORE",
    help=f"Where dead letters are kept, such as {DEFAULT_STORE}; without, they are left out.",
)
@click.option("--since", type=Moment(), show_default="1d", help="From when on.")
@click.option("-o", "--output", default="report.html", show_default=True, help="The HTML file.")
def report(places: tuple[str, ...], store: str | None, since: float | None, output: str) -> None:
    """Write one page of what happened: throughput, durations, failures, waits, causes, restarts.

    It begins with a summary in words and needs nothing from the network.

    Example: gearmang report --since 1d --store /var/lib/gearmang/dead_letters.db -o yesterday.html
    """
    from gearmang.masking import masked_text
    from gearmang.records.picture import picture
    from gearmang.records.sheet import sheet

    start = time.time() - DAY if since is None else since
    selection = Selection(places, moment_of(start))
    deaths = None if store is None else deaths_since(store, start)
    with asked(places, selection.since) as database:
        found = picture(database, selection, by="task", of="duration_ms", every_s=None)
    if not found.whole:
        raise RecordsError(f"no records since then in {', '.join(places)}; look further back")
    page = sheet(
        "Report of the task pipeline",
        found,
        by="task",
        of="duration_ms",
        deaths=deaths,
        mask=masked_text,
    )
    written(output, page)


def deaths_since(store: str, since: float) -> list[Deaths]:
    """The causes of dead letters that arrived since then, the most frequent first."""
    from gearmang.dead_letters.looking.causes import causes
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.seam import Store
    from gearmang.masking import masked_text
    from gearmang.records.sheet import Deaths

    with Store(store) as opened, opened.reading() as connection:
        found = causes(connection, Filter(since=since, state=None), limit=MOST_CAUSES)
        return [
            Deaths(
                cause.fingerprint,
                cause.function,
                f"{cause.error_type}: {masked_text(cause.error_message)}",
                letters,
            )
            for cause, letters in found
        ]
