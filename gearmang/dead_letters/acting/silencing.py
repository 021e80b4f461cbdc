"""Silence functions or servers for a while; end that; tell who is silent."""

from __future__ import annotations

import secrets
import time
from typing import Final

from sqlalchemy import Connection, insert, select, update

from gearmang.dead_letters.arriving.letter import fit
from gearmang.dead_letters.looking.finding import only_one
from gearmang.dead_letters.looking.history import operator, record
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.silences import FUNCTION, SERVER, Silence
from gearmang.dead_letters.store.tables import silences
from gearmang.durations import iso

_DIGITS: Final = 6
_LONGEST: Final = 500  # characters of a glob, or a reason
_COLUMNS: Final = tuple(silences.c[name] for name in Silence._fields)


def silence(
    connection: Connection, kind: str, glob: str, *, until: float, why: str | None = None
) -> Silence:
    """Let what fits a glob alert nobody until then. Its letters are stored and counted as ever.

    Args:
        kind: ``function`` or ``server``; servers are called HOST:PORT.
        until: seconds since the epoch.

    Raises:
        NotAllowed: the time is past, or the glob empty.
    """
    if kind not in (FUNCTION, SERVER):
        raise ValueError(kind)
    if until <= time.time():
        raise NotAllowed(f"{iso(until)} is past; a silence ends later")
    if not glob.strip():
        raise NotAllowed(f"the {kind}'s glob is empty; '*' is all of them")
    made = Silence(
        secrets.token_hex(_DIGITS // 2),
        kind,
        fit(glob, _LONGEST),
        until,
        fit(why, _LONGEST) if why else None,
        operator(),
    )
    connection.execute(insert(silences).values(**made._asdict(), made_at=time.time()))
    record(connection, "silenced", why=why, detail=_told(made))
    return made


def end(connection: Connection, digits: str) -> Silence:
    """End a silence before its time.

    Raises:
        NoSuchLetter, AmbiguousId: no silence of now has an id that starts so, or several have.
    """
    active = silent(connection)
    ended = only_one(
        [one for one in active if one.silence.startswith(digits.strip().lower())],
        digits,
        kind="silence",
        command="gearmang silence list",
        name=lambda one: one.silence,
    )
    connection.execute(
        update(silences).where(silences.c.silence == ended.silence).values(ended_at=time.time())
    )
    record(connection, "silence ended", detail=_told(ended))
    return ended


def silent(connection: Connection) -> list[Silence]:
    """The silences of now, the first to end first."""
    query = (
        select(*_COLUMNS)
        .where(silences.c.until > time.time(), silences.c.ended_at.is_(None))
        .order_by(silences.c.until, silences.c.silence)
    )
    return [*map(Silence._make, connection.execute(query))]


def _told(one: Silence) -> str:
    return f"{one.silence}: {one.kind} {one.glob} until {iso(one.until)}"
