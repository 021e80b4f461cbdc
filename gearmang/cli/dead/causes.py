"""``gearmang dead causes``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from gearmang.cli.dead.choice import filter_options
from gearmang.cli.options import json_option, store_option
from gearmang.durations import iso, told

if TYPE_CHECKING:
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.rows import Cause

_STYLES = {"new": "bold yellow", "reopened": "bold red", "resolved": "green"}


@click.command()
@filter_options
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to pass over first.")
@store_option
@json_option
def causes(chosen: Filter, limit: int, offset: int, store: str, as_json: bool) -> None:
    """Dead letters by their cause, the one with the most first.

    A cause is new, known (somebody has dealt with letters of it), resolved, or reopened: it came
    back after it was resolved. The bars are the arrivals of the last 24 hours.

    Example: gearmang dead causes --since 1d
    """
    from gearmang.cli.output import cell, console, print_json, table
    from gearmang.dead_letters.looking.causes import arrivals_by_hour, sparkline
    from gearmang.dead_letters.looking.causes import causes as find
    from gearmang.dead_letters.store.seam import Store
    from gearmang.masking import masked_text
    from gearmang.terminal import clean

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
    shown = table(
        *("FINGERPRINT", "STATE", "LETTERS", "FUNCTION", "ERROR", "PLACE", "FIRST", "LAST", "24 H"),
        right=("LETTERS",),
    )
    for cause, letters in rows:
        shown.add_row(
            cell(cause.fingerprint),
            cell(cause.state + _quiet(cause), _STYLES.get(cause.state, "")),
            cell(letters),
            cell(cause.function),
            cell(cause.error_type),
            cell(cause.place),
            cell(told(cause.first_seen)),
            cell(told(cause.last_seen)),
            cell(sparkline(hours[cause.fingerprint])),
        )
    console().print(shown)
    for cause, _ in rows:
        said = [masked_text(text) for text in (cause.assigned, cause.note, cause.link) if text]
        if said:
            click.echo(clean(f"{cause.fingerprint}: {'; '.join(said)}"))


def _quiet(cause: Cause) -> str:
    """How a cause's state says that it alerts nobody."""
    if cause.snoozed_left is not None:
        return f", quiet for {cause.snoozed_left} more"
    if (cause.snoozed_until or 0) > time.time():
        return f", quiet until {told(cause.snoozed_until)}"
    return ""
