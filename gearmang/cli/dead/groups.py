"""``gearmang dead groups``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from gearmang.cli.dead.choice import filter_options
from gearmang.cli.options import json_option, store_option
from gearmang.durations import iso, told

if TYPE_CHECKING:
    from gearmang.dead_letters.looking.filters import Filter

_STYLES = {"new": "bold yellow", "reopened": "bold red", "resolved": "green"}


@click.command()
@filter_options
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to pass over first.")
@store_option
@json_option
def groups(chosen: Filter, limit: int, offset: int, store: str, as_json: bool) -> None:
    """Dead letters by their cause, the largest group first.

    A cause is new, known (somebody has dealt with letters of it), resolved, or reopened: it came
    back after it was resolved. The bars are the arrivals of the last 24 hours.

    Example: gearmang dead groups --since 1d
    """
    from gearmang.cli.output import cell, console, print_json, table
    from gearmang.dead_letters.looking.causes import arrivals_by_hour, sparkline
    from gearmang.dead_letters.looking.causes import groups as find
    from gearmang.dead_letters.store.seam import Store
    from gearmang.masking import masked_text
    from gearmang.terminal import clean

    with Store(store) as opened, opened.reading() as connection:
        rows = find(connection, chosen, limit=limit, offset=offset)
        hours = arrivals_by_hour(connection, [row.fingerprint for row in rows])
    if as_json:
        print_json(
            [
                {
                    "fingerprint": row.fingerprint,
                    "state": row.state,
                    "letters": row.letters,
                    "function": row.function,
                    "error_type": row.error_type,
                    "error_message": masked_text(row.error_message),
                    "place": row.place,
                    "revision": row.revision,
                    "note": row.note,
                    "assigned": row.assigned,
                    "link": row.link,
                    "snoozed_until": iso(row.snoozed_until),
                    "snoozed_left": row.snoozed_left,
                    "first_seen": iso(row.first_seen),
                    "last_seen": iso(row.last_seen),
                    "arrivals_by_hour": hours[row.fingerprint],
                }
                for row in rows
            ]
        )
        return
    if not rows:
        click.echo("no dead letters")
        return
    shown = table(
        *("FINGERPRINT", "STATE", "LETTERS", "FUNCTION", "ERROR", "PLACE", "FIRST", "LAST", "24 H"),
        right=("LETTERS",),
    )
    for row in rows:
        shown.add_row(
            cell(row.fingerprint),
            cell(row.state + _quiet(row), _STYLES.get(row.state, "")),
            cell(row.letters),
            cell(row.function),
            cell(row.error_type),
            cell(row.place),
            cell(told(row.first_seen)),
            cell(told(row.last_seen)),
            cell(sparkline(hours[row.fingerprint])),
        )
    console().print(shown)
    for row in rows:
        said = [masked_text(text) for text in (row.assigned, row.note, row.link) if text]
        if said:
            click.echo(clean(f"{row.fingerprint}: {'; '.join(said)}"))


def _quiet(row: Any) -> str:
    """How a cause's state says that it alerts nobody."""
    if row.snoozed_left is not None:
        return f", quiet for {row.snoozed_left} more"
    if (row.snoozed_until or 0) > time.time():
        return f", quiet until {told(row.snoozed_until)}"
    return ""
