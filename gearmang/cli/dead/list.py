"""``gearmang dead list``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from gearmang.cli.dead.choice import filter_options
from gearmang.cli.options import json_option, store_option
from gearmang.durations import iso, told

if TYPE_CHECKING:
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.rows import DeadLetter

_SHORT_JOB = 10  # digits of a job's id in a table: enough to be one among a million


@click.command(name="list")
@filter_options
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to pass over first.")
@store_option
@json_option
def list_letters(chosen: Filter, limit: int, offset: int, store: str, as_json: bool) -> None:
    """List dead letters, newest first.

    Example: gearmang dead list --function 'resize*' --since 2h
    """
    from gearmang.cli.dead.wording import letters
    from gearmang.dead_letters.looking.browse import count_under_way, page
    from gearmang.dead_letters.store.seam import Store
    from gearmang.masking import masked_text

    with Store(store) as opened, opened.reading() as connection:
        rows = page(connection, chosen, limit=limit + 1, offset=offset)
        under_way = count_under_way(connection)
    more = len(rows) > limit
    rows = rows[:limit]
    from gearmang.cli.columns import columns
    from gearmang.cli.output import cell, console, print_json, table

    if under_way:
        click.echo(
            f"{letters(under_way)} under way, to gearmand or back from it; if nobody is at it, the "
            "next `gearmang dead requeue` or `undo`, or a collector that starts, completes it",
            err=as_json,
        )
    if as_json:
        print_json([summary(row) for row in rows])
        return
    if not rows:
        click.echo("no dead letters" if not offset else "no more dead letters")
        return
    heads = ("ID", "TRIES", "STORED", "STATE", "FUNCTION", "ERROR", "MESSAGE")
    cells = [
        (
            *(short_id(row.death_id), row.attempts, told(row.stored_at), row.state),
            *(row.function, row.error_type, masked_text(row.error_message.partition("\n")[0])),
        )
        for row in rows
    ]
    if sys.stdout.isatty():
        shown = table(*heads, right=("TRIES",))
        for line in cells:
            shown.add_row(*map(cell, line))
        console().print(shown)
    else:
        for text in columns(heads, cells, right=1):
            print(text)  # as the table is: what the encoding lacks is told, see cli/__init__.py
    if more:
        click.echo(f"more: --offset {offset + limit}")


def short_id(death_id: str) -> str:
    """The id as a table shows it; every command takes it in this form."""
    job, _, tries = death_id.rpartition("-")
    return f"{job[:_SHORT_JOB]}-{tries}"


def summary(letter: DeadLetter) -> dict[str, Any]:
    """A letter without its body, for JSON."""
    from gearmang.masking import masked_text

    return {
        "id": letter.death_id,
        "job_id": letter.job_id,
        "state": letter.state,
        "fingerprint": letter.fingerprint,
        "function": letter.function,
        "server": letter.server,
        "error_type": letter.error_type,
        "error_message": masked_text(letter.error_message),
        "attempts": letter.attempts,
        "worker": letter.worker,
        "revision": letter.revision,
        "payload_bytes": letter.payload_bytes,
        "enqueued_at": iso(letter.enqueued_at),
        "died_at": iso(letter.died_at),
        "stored_at": iso(letter.stored_at),
        "plan": letter.plan,
    }
