"""``gearmang dead causes --failing``: what fails attempts now and has cost no job yet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.records.questions import CauseOverTime

WINDOW: Final = 3_600.0  # seconds that count as now, where --since says nothing else


def print_failing(
    places: tuple[str, ...], chosen: Filter, limit: int, store: str, as_json: bool
) -> None:
    """Print the causes of failed attempts in the records of which no letter was ever stored.

    Raises:
        RecordsError: there are no records there.
        StoreError: the store cannot be read.
    """
    from gearmang.cli.columns import columns
    from gearmang.cli.output import print_json
    from gearmang.durations import told

    found = _failing(places, chosen)
    unknown = _without_letters(found, store)[:limit]
    if as_json:
        print_json([_document(cause) for cause in unknown])
        return
    if not unknown:
        click.echo("nothing fails that has not died before")
        return
    heads = ("FINGERPRINT", "ATTEMPTS", "FUNCTION", "ERROR", "LAST", "PLACE")
    rows = [
        (
            *(cause.fingerprint, cause.failures, cause.task, cause.error_type),
            *(told(None if cause.last is None else cause.last.timestamp()), cause.where),
        )
        for cause in unknown
    ]
    for line in columns(heads, rows, right=1):
        click.echo(line)


def _failing(places: tuple[str, ...], chosen: Filter) -> list[CauseOverTime]:
    from fnmatch import fnmatchcase

    from gearmang.cli.logs.options import asked, moment_of
    from gearmang.records.questions import failures_over_time
    from gearmang.records.selection import Selection

    since = moment_of(time.time() - WINDOW if chosen.since is None else chosen.since)
    selection = Selection(places, since, moment_of(chosen.until))
    with asked(places, since) as database:
        found = failures_over_time(database, selection, None)
    return [
        cause
        for cause in found
        if fnmatchcase(cause.task, chosen.function or "*")
        and fnmatchcase(cause.error_type, chosen.error or "*")
        and cause.fingerprint.startswith((chosen.fingerprint or "").lower())
    ]


def _without_letters(found: list[CauseOverTime], store: str) -> list[CauseOverTime]:
    from gearmang.dead_letters.looking.causes import known
    from gearmang.dead_letters.store.seam import Store

    with Store(store) as opened, opened.reading() as connection:
        dead = known(connection, [cause.fingerprint for cause in found])
    return [cause for cause in found if cause.fingerprint not in dead]


def _document(cause: CauseOverTime) -> dict[str, Any]:
    from gearmang.durations import iso
    from gearmang.masking import masked_text

    times = {
        name: iso(None if at is None else at.timestamp())
        for name, at in (("first_seen", cause.first), ("last_seen", cause.last))
    }
    return {
        "fingerprint": cause.fingerprint,
        "attempts": cause.failures,
        "function": cause.task,
        "error_type": cause.error_type,
        "error_message": masked_text(cause.message or ""),
        "place": cause.where,
        "last_id": cause.last_id,
    } | times
