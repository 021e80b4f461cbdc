"""Look at letters: a page of them, one of them, by the first digits of its id."""

from __future__ import annotations

from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, Select, func, select

from gearmang.dead_letters.looking.filters import Filter, of_letters
from gearmang.dead_letters.store.errors import AmbiguousId, NoSuchLetter
from gearmang.dead_letters.store.tables import UNDER_WAY, bodies, dead_letters, fingerprints
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope

MOST_CANDIDATES: Final = 10  # that an error about an ambiguous id lists
_AFTER_ANY_DIGIT: Final = "~"  # sorts behind every character of an id
_ID_CHARACTERS: Final = frozenset("0123456789abcdef-")


def page(
    connection: Connection, chosen: Filter, *, limit: int | None = 50, offset: int = 0
) -> list[Row[Any]]:
    """The letters that a filter chooses, newest first."""
    query = (
        select(dead_letters)
        .where(*of_letters(connection, chosen))
        .order_by(dead_letters.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [*connection.execute(query)]


def count(connection: Connection, chosen: Filter) -> int:
    """How many letters a filter chooses."""
    query = select(func.count()).select_from(dead_letters).where(*of_letters(connection, chosen))
    return int(connection.execute(query).scalar_one())


def count_under_way(connection: Connection) -> int:
    """How many letters are on their way to gearmand or back from it, from the kept counters."""
    counted = sum((fingerprints.c[state] for state in UNDER_WAY[1:]), fingerprints.c[UNDER_WAY[0]])
    return int(connection.execute(select(func.coalesce(func.sum(counted), 0))).scalar_one())


def find(connection: Connection, text: str) -> Row[Any]:
    """The one letter whose id starts like this.

    An id is ``JOB-DELIVERY``. It may be cut: ``3f9a`` is any death of the one job that starts so,
    ``3f9a-3`` its death in its third delivery.

    Raises:
        NoSuchLetter: none has.
        AmbiguousId: several have; the text lists them.
    """
    wanted = text.strip().lower()
    if not wanted or not _ID_CHARACTERS.issuperset(wanted):
        raise NoSuchLetter(f"{text!r} is no id of a dead letter; `gearmang dead list` shows them")
    digits, dash, tries = wanted.partition("-")
    query = select(dead_letters).where(
        dead_letters.c.death_id >= digits, dead_letters.c.death_id < digits + _AFTER_ANY_DIGIT
    )
    if dash:
        query = query.where(dead_letters.c.death_id.like(f"%-{tries}"))
    found = connection.execute(_few(query)).all()
    exact = [row for row in found if row.death_id == wanted]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    if not found:
        raise NoSuchLetter(f"no dead letter {text!r} in the store; `gearmang dead list` shows them")
    listed = ", ".join(f"{row.death_id} ({row.state})" for row in found[:MOST_CANDIDATES])
    more = ", …" if len(found) > MOST_CANDIDATES else ""
    raise AmbiguousId(f"{text!r} is the start of several ids: {listed}{more}; give more of it")


def _few(query: Select[Any]) -> Select[Any]:
    return query.order_by(dead_letters.c.death_id).limit(MOST_CANDIDATES + 1)


def body(connection: Connection, identity: int) -> Row[Any]:
    """The payload and the dossiers of one letter."""
    return connection.execute(select(bodies).where(bodies.c.id == identity)).one()


def envelope_of(row: Row[Any], content: Row[Any]) -> Envelope:
    """The letter as an envelope again, ready to be revived."""
    return Envelope(
        payload=content.payload,
        job_id=row.job_id,
        delivery=delivery_of(row.death_id),
        enqueued_at=row.enqueued_at,
        function=function_of(row, content),
        server=row.server,
        history=tuple(Dossier.from_dict(entry) for entry in orjson.loads(content.history)),
    )


def delivery_of(death_id: str) -> int:
    """Which delivery of its job a letter is the death of."""
    return int(death_id.rpartition("-")[2])


def function_of(row: Row[Any], content: Any) -> str:
    """The letter's function as it arrived, where it was no UTF-8 too."""
    if content.odd_function is None:
        return str(row.function)
    return bytes(content.odd_function).decode("utf-8", "surrogateescape")
