"""What people say of a cause: a note, who looks after it, where, and that it is to be quiet."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, update

from gearmang.dead_letters.arriving.letter import fit
from gearmang.dead_letters.looking.history import record
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.moves import note_handled
from gearmang.dead_letters.store.tables import fingerprints
from gearmang.durations import iso

LONGEST_NOTE: Final = 2_000  # characters
_LINKS: Final = ("http://", "https://")  # a page makes a link of it: nothing that runs


def annotate(connection: Connection, fingerprint: str, what: str, text: str) -> None:
    """Write something down about a cause; an empty text takes it away. What was is in the history.

    Args:
        what: ``note``, ``assigned`` or ``link``.

    Raises:
        NotAllowed: a link that is no address of the web.
    """
    if what not in ("note", "assigned", "link"):
        raise ValueError(what)
    if what == "link" and text and not text.startswith(_LINKS):
        raise NotAllowed(f"{text[:80]!r} is no link; it starts with http:// or https://")
    kept = fit(text, LONGEST_NOTE) or None
    _set(connection, fingerprint, **{what: kept})
    note_handled(connection, [fingerprint])
    record(connection, f"cause: {what}", fingerprint=fingerprint, detail=kept)


def snooze(
    connection: Connection,
    fingerprint: str,
    *,
    until: float | None = None,
    letters: int | None = None,
    why: str | None = None,
) -> None:
    """Let a cause alert nobody for a while; with neither end, let it alert again.

    Args:
        until: seconds since the epoch.
        letters: until so many more have arrived.
        why: the operator's reason, for the event log.
    """
    _set(connection, fingerprint, snoozed_until=until, snoozed_left=letters)
    note_handled(connection, [fingerprint])
    end = f"until {iso(until)}" if until is not None else f"for {letters} letters"
    what, detail = ("cause: awake", None) if until is letters is None else ("cause: snoozed", end)
    record(connection, what, why=why, fingerprint=fingerprint, detail=detail)


def _set(connection: Connection, fingerprint: str, **values: object) -> None:
    cause = update(fingerprints).where(fingerprints.c.fingerprint == fingerprint)
    connection.execute(cause.values(**values))
