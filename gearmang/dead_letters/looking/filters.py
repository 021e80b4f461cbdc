"""Which letters are meant: the filters that every command shares."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Connection, false, select

from gearmang.dead_letters.looking.searching import holding
from gearmang.dead_letters.store.many import one_of
from gearmang.dead_letters.store.moment import first_id
from gearmang.dead_letters.store.tables import dead_letters, fingerprints
from gearmang.durations import iso

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a letter must be to be chosen; None chooses all.

    Attributes:
        function, error: globs for the function and for the error type.
        fingerprint: its first digits.
        since, until: stored at or after, and before, in seconds since the epoch.
        state: of the letter.
        server: a glob for the gearmand that it came from.
        grep: text in the payload, in the error message or in a dossier.
    """

    function: str | None = None
    error: str | None = None
    fingerprint: str | None = None
    since: float | None = None
    until: float | None = None
    state: str | None = "dead"
    server: str | None = None
    grep: str | None = None

    def told(self) -> str:
        """The filters that are set, as options, for people and for the event log."""
        parts = (
            f"--{field.name} {iso(value) if field.name in ('since', 'until') else value}"
            for field in fields(self)
            if (value := getattr(self, field.name)) is not None
        )
        return " ".join(parts) or "all"

    @property
    def is_of_causes(self) -> bool:
        """Whether it can be told of a fingerprint, without a look at its letters."""
        return self.since is None and self.until is None and not self.server and not self.grep


def of_letters(
    connection: Connection, chosen: Filter, *, most: int | None = None
) -> list[Condition]:
    """The conditions on ``dead_letters``.

    Args:
        most: where a text is searched for, so many letters, the newest, are enough.
    """
    found: list[Condition] = []
    if chosen.state is not None:
        found.append(dead_letters.c.state == chosen.state)
    if chosen.since is not None:
        found.append(dead_letters.c.id >= first_id(chosen.since))
    if chosen.until is not None:
        found.append(dead_letters.c.id < first_id(chosen.until))
    if chosen.function or chosen.error or chosen.fingerprint:
        # These make a fingerprint, and there are few of those.
        names = select(fingerprints.c.fingerprint).where(*of_causes(connection, chosen))
        found.append(dead_letters.c.fingerprint.in_(names))
    if chosen.server:
        found.append(_like(connection, dead_letters.c.server, chosen.server))
    if chosen.grep:
        ids = holding(connection, chosen.grep, found, most=most)
        found = [one_of(connection, dead_letters.c.id, ids)]
    return found


def of_causes(connection: Connection, chosen: Filter) -> list[Condition]:
    """The conditions on ``dead_letter_fingerprints``; states and times are not among them."""
    found: list[Condition] = []
    if chosen.function:
        found.append(_like(connection, fingerprints.c.function, chosen.function))
    if chosen.error:
        found.append(_like(connection, fingerprints.c.error_type, chosen.error))
    if chosen.fingerprint:
        start = chosen.fingerprint.lower()
        found.append(fingerprints.c.fingerprint.startswith(start, autoescape=True))
    return found


def _like(connection: Connection, column: ColumnElement[str], glob: str) -> Condition:
    """A glob as Python's fnmatch reads it, the same on every engine."""
    if not any(sign in glob for sign in "*?["):
        return column == glob
    # Few different values, so matching them here costs less than a dialect's own patterns.
    values = connection.scalars(select(column).where(column.is_not(None)).distinct())
    matching = [value for value in values if fnmatch.fnmatchcase(value, glob)]
    return column.in_(matching) if matching else false()
