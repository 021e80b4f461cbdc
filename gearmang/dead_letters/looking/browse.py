"""Look at letters: a page of them, one of them, by the first digits of its id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import orjson
from sqlalchemy import Connection, func, select

from gearmang.dead_letters.looking.filters import Filter, of_letters
from gearmang.dead_letters.looking.finding import AFTER_ANY_DIGIT, MOST_CANDIDATES, only_one
from gearmang.dead_letters.store.errors import NoSuchLetter
from gearmang.dead_letters.store.many import one_of
from gearmang.dead_letters.store.rows import BODY, LETTER, Body, DeadLetter
from gearmang.dead_letters.store.tables import UNDER_WAY, bodies, dead_letters, fingerprints
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope

_BYTES_AT_ONCE: Final = 32 * 1024 * 1024  # of payloads that are in memory together
_ID_CHARACTERS = frozenset("0123456789abcdef-")


def page(
    connection: Connection, chosen: Filter, *, limit: int | None = 50, offset: int = 0
) -> list[DeadLetter]:
    """The letters that a filter chooses, newest first."""
    most = None if limit is None else limit + offset
    query = (
        select(*LETTER)
        .where(*of_letters(connection, chosen, most=most))
        .order_by(dead_letters.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [*map(DeadLetter._make, connection.execute(query))]


def count(connection: Connection, chosen: Filter) -> int:
    """How many letters a filter chooses."""
    query = select(func.count()).select_from(dead_letters).where(*of_letters(connection, chosen))
    return int(connection.execute(query).scalar_one())


def count_under_way(connection: Connection) -> int:
    """How many letters are on their way to gearmand or back from it, from the kept counters."""
    counted = sum((fingerprints.c[state] for state in UNDER_WAY[1:]), fingerprints.c[UNDER_WAY[0]])
    return int(connection.execute(select(func.coalesce(func.sum(counted), 0))).scalar_one())


def find(connection: Connection, text: str) -> DeadLetter:
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
    query = select(*LETTER).where(
        dead_letters.c.death_id >= digits, dead_letters.c.death_id < digits + AFTER_ANY_DIGIT
    )
    if dash:
        query = query.where(dead_letters.c.death_id.like(f"%-{tries}"))
    query = query.order_by(dead_letters.c.death_id).limit(MOST_CANDIDATES + 1)
    return only_one(
        [*map(DeadLetter._make, connection.execute(query))],
        text,
        kind="dead letter",
        command="gearmang dead list",
        name=lambda letter: letter.death_id,
        told=lambda letter: f"{letter.death_id} ({letter.state})",
    )


def body(connection: Connection, identity: int) -> Body:
    """The payload and the dossiers of one letter."""
    return Body._make(connection.execute(select(*BODY).where(bodies.c.id == identity)).one())


def with_bodies(
    connection: Connection, letters: Sequence[DeadLetter]
) -> Iterator[tuple[DeadLetter, Body]]:
    """Each of the letters with what it holds; as many are read at once as fit into memory."""
    left = [*letters]
    while left:
        some: list[DeadLetter] = []
        room = _BYTES_AT_ONCE
        for letter in left:
            room -= letter.payload_bytes
            if some and room < 0:
                break
            some.append(letter)
        left = left[len(some) :]
        rows = connection.execute(
            select(bodies.c.id, *BODY).where(
                one_of(connection, bodies.c.id, [letter.id for letter in some])
            )
        )
        found = {row[0]: Body._make(row[1:]) for row in rows}
        for letter in some:
            yield letter, found[letter.id]


def envelope_of(letter: DeadLetter, content: Body) -> Envelope:
    """The letter as an envelope again, ready to be revived."""
    return Envelope(
        payload=content.payload,
        job_id=letter.job_id,
        delivery=delivery_of(letter.death_id),
        enqueued_at=letter.enqueued_at,
        function=function_of(letter, content.odd_function),
        server=letter.server,
        history=tuple(Dossier.from_dict(entry) for entry in orjson.loads(content.history)),
    )


def delivery_of(death_id: str) -> int:
    """Which delivery of its job a letter is the death of."""
    return int(death_id.rpartition("-")[2])


def function_of(letter: DeadLetter, odd_function: bytes | None) -> str:
    """The letter's function as it arrived, where it was no UTF-8 too."""
    if odd_function is None:
        return letter.function
    return odd_function.decode("utf-8", "surrogateescape")
