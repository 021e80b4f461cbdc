"""Sign letters: a segment of signatures for those that have none, and which may hold a text."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from gearmang.dead_letters.store.many import one_of
from gearmang.dead_letters.store.moment import new_id
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.signatures import (
    LETTERS,
    SHORTEST,
    Places,
    candidates,
    parts_of,
    places,
    segment,
)
from gearmang.dead_letters.store.tables import bodies, dead_letters, signatures, unsigned

_IDS: Final = -1  # the part of a segment that names its letters
_BYTES_AT_ONCE: Final = 32 * 1024 * 1024  # of payloads that are in memory together


def unsign(connection: Connection, ids: Iterable[int]) -> None:
    """Note letters that are new or changed: until they are signed, each search reads them."""
    put = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    if rows := [{"id": identity} for identity in ids]:
        connection.execute(put(unsigned).on_conflict_do_nothing(), rows)


def sign_some(store: Store, *, least: int = LETTERS) -> int:
    """Sign one segment of letters, in one transaction, where at least so many wait for it.

    Returns:
        How many letters were signed.
    """
    with store.reading() as connection:
        if _waiting(connection) < max(1, least):
            return 0
    with store.writing() as connection:
        # Locked, so that nobody edits one between the look and the signature.
        oldest = select(unsigned.c.id).order_by(unsigned.c.id).limit(LETTERS).with_for_update()
        ids = [*connection.scalars(oldest)]
        if not ids:
            return 0
        made = {
            _IDS: array("q", ids).tobytes(),
            **dict(enumerate(segment([*_texts(connection, ids)]))),
        }
        number = new_id(time.time())
        connection.execute(
            insert(signatures),
            [{"part": part, "segment": number, "bits": bits} for part, bits in made.items()],
        )
        connection.execute(delete(unsigned).where(one_of(connection, unsigned.c.id, ids)))
    return len(ids)


def sign_all(store: Store, *, progress: Callable[[int], None] = lambda _: None) -> int:
    """Sign all letters that are not; return how many those were."""
    signed = 0
    while count := sign_some(store, least=1):
        signed += count
        progress(count)
    return signed


def forget_pruned(connection: Connection) -> None:
    """Delete the segments of which no letter is left, the oldest first."""
    query = select(signatures.c.segment, signatures.c.bits).where(signatures.c.part == _IDS)
    for number, ids in connection.execute(query.order_by(signatures.c.segment)).all():
        there = select(dead_letters.c.id).where(one_of(connection, dead_letters.c.id, _ids(ids)))
        if connection.execute(there.limit(1)).first() is not None:
            return
        connection.execute(delete(signatures).where(signatures.c.segment == number))


def may_hold(connection: Connection, texts: Iterable[bytes]) -> list[int] | None:
    """The letters that may hold one of the texts, the newest first; None: any may.

    None is left out that holds one; most that hold none are.
    """
    wanted: list[Places] = []
    for text in texts:
        if len(text) < SHORTEST:
            return None
        wanted += places(text)
    found = {*connection.scalars(select(unsigned.c.id))}
    query = (
        select(signatures.c.segment, signatures.c.part, signatures.c.bits)
        .where(signatures.c.part.in_([_IDS, *parts_of(wanted)]))
        .order_by(signatures.c.part, signatures.c.segment)
    )
    segments: dict[int, dict[int, bytes]] = {}
    for number, part, bits in connection.execute(query):
        segments.setdefault(number, {})[part] = bits
    for parts in segments.values():
        ids = _ids(parts[_IDS])
        found.update(ids[place] for place in candidates(parts, wanted) if place < len(ids))
    return sorted(found, reverse=True)


def _waiting(connection: Connection) -> int:
    """How many letters are not signed; counted no further than one segment."""
    some = select(unsigned.c.id).limit(LETTERS).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def _texts(connection: Connection, ids: list[int]) -> Iterator[tuple[bytes, bytes]]:
    letters = select(dead_letters.c.id, dead_letters.c.payload_bytes)
    rows = connection.execute(letters.where(one_of(connection, dead_letters.c.id, ids)))
    sizes = {row.id: row.payload_bytes for row in rows}
    left = ids
    while left:
        some, room = 0, _BYTES_AT_ONCE
        while some < len(left) and (some == 0 or room > 0):
            room -= sizes[left[some]]
            some += 1
        texts = select(bodies.c.payload, bodies.c.history).order_by(bodies.c.id)
        for row in connection.execute(texts.where(one_of(connection, bodies.c.id, left[:some]))):
            yield row.payload, row.history
        left = left[some:]


def _ids(stored: bytes) -> array[int]:
    made: array[int] = array("q")
    made.frombytes(stored)
    return made
