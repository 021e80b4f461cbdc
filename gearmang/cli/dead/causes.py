"""``gearmang dead causes``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Final

import click

from gearmang.cli.dead.choice import filter_options
from gearmang.cli.options import json_option, store_option
from gearmang.durations import iso, told

if TYPE_CHECKING:
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.rows import Cause

_WIDE: Final = 150  # columns that a line a cause needs
_STYLES: Final[dict[str, dict[str, Any]]] = {
    "new": {"fg": "yellow", "bold": True},
    "reopened": {"fg": "red", "bold": True},
    "resolved": {"fg": "green"},
}


@click.command()
@filter_options
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to pass over first.")
@store_option
@json_option
@click.option(
    "--failing",
    is_flag=True,
    help="What fails attempts now (--since, else 1h) and has no dead letter yet, from the records.",
)
@click.option(
    "--records",
    "places",
    metavar="PLACE",
    multiple=True,
    envvar="GEARMANG_RECORDS",
    default=("/var/log/gearmang/tasks",),
    show_default="$GEARMANG_RECORDS, else /var/log/gearmang/tasks",
    help="With --failing: a folder, file or glob of records. Repeatable.",
)
def causes(
    chosen: Filter,
    limit: int,
    offset: int,
    store: str,
    as_json: bool,
    failing: bool,
    places: tuple[str, ...],
) -> None:
    """Dead letters by their cause, the one with the most first.

    A cause is new, known (somebody has dealt with letters of it), resolved, or reopened: it came
    back after it was resolved. The bars are the arrivals of the last 24 hours.

    Example: gearmang dead causes --since 1d
    """
    from gearmang.cli.output import print_json
    from gearmang.dead_letters.looking.causes import arrivals_by_hour
    from gearmang.dead_letters.looking.causes import causes as find
    from gearmang.dead_letters.store.seam import Store
    from gearmang.masking import masked_text
    from gearmang.terminal import clean

    if failing:
        from gearmang.cli.dead.failing import print_failing

        print_failing(places, chosen, limit, store, as_json)
        return
    with Store(store) as opened, opened.reading() as connection:
        rows = find(connection, chosen, limit=limit, offset=offset)
        hours = arrivals_by_hour(connection, [cause.fingerprint for cause, _ in rows])
    if as_json:
        print_json(
            [
                {
                    "fingerprint": cause.fingerprint,
                    "state": cause.state,
                    "letters": letters,
                    "function": cause.function,
                    "error_type": cause.error_type,
                    "error_message": masked_text(cause.error_message),
                    "place": cause.place,
                    "revision": cause.revision,
                    "note": cause.note,
                    "assigned": cause.assigned,
                    "link": cause.link,
                    "snoozed_until": iso(cause.snoozed_until),
                    "snoozed_left": cause.snoozed_left,
                    "first_seen": iso(cause.first_seen),
                    "last_seen": iso(cause.last_seen),
                    "arrivals_by_hour": hours[cause.fingerprint],
                }
                for cause, letters in rows
            ]
        )
        return
    if not rows:
        click.echo("no dead letters")
        return
    lines = _narrow if sys.stdout.isatty() and get_terminal_size().columns < _WIDE else _wide
    for line in lines(rows, hours):
        print(line)  # click would write UTF-8 to a terminal that has none
    for cause, _ in rows:
        said = [masked_text(text) for text in (cause.assigned, cause.note, cause.link) if text]
        if said:
            click.echo(clean(f"{cause.fingerprint}: {'; '.join(said)}"))


def _wide(rows: list[tuple[Cause, int]], hours: dict[str, list[int]]) -> Iterator[str]:
    """A cause a line: for wide terminals, and for programs."""
    from gearmang.cli.columns import columns
    from gearmang.dead_letters.looking.causes import sparkline

    heads = (
        "FINGERPRINT",
        "LETTERS",
        "STATE",
        "FUNCTION",
        "ERROR",
        "FIRST",
        "LAST",
        "24 H",
        "PLACE",
    )
    cells = [
        (
            *(cause.fingerprint, letters, cause.state + _quiet(cause), cause.function),
            *(cause.error_type, told(cause.first_seen), told(cause.last_seen)),
            *(sparkline(hours[cause.fingerprint]), cause.place),
        )
        for cause, letters in rows
    ]
    yield from columns(heads, cells, right=1)


def _narrow(rows: list[tuple[Cause, int]], hours: dict[str, list[int]]) -> Iterator[str]:
    """Two lines a cause, within 80 columns: the figures, then what it is."""
    from gearmang.dead_letters.looking.causes import sparkline
    from gearmang.terminal import clean

    width = get_terminal_size().columns
    yield f"{'FINGERPRINT':12}  {'LETTERS':>7}  {'STATE':8}  {'LAST':17}  24 H"
    for cause, letters in rows:
        state = click.style(f"{cause.state:8}", **_STYLES.get(cause.state, {}))
        whole = told(cause.last_seen)
        last = whole[5:16] + whole[19:]  # without year and seconds
        bars = sparkline(hours[cause.fingerprint])
        yield f"{cause.fingerprint:12}  {letters:>7}  {state}  {last:17}  {bars}"
        where = f" at {cause.place}" if cause.place else ""
        what = clean(f"  {cause.function}: {cause.error_type}{where}{_quiet(cause)}")
        yield what if len(what) <= width else f"{what[: width - 1]}…"


def _quiet(cause: Cause) -> str:
    """How a cause's state says that it alerts nobody."""
    if cause.snoozed_left is not None:
        return f", quiet for {cause.snoozed_left} more"
    if (cause.snoozed_until or 0) > time.time():
        return f", quiet until {told(cause.snoozed_until)}"
    return ""
