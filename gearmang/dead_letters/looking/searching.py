"""Letters that hold a text: those that may are decompressed and looked into, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import orjson
from sqlalchemy import ColumnElement, Connection, select

from gearmang.dead_letters.arriving.letter import fit
from gearmang.dead_letters.store.many import one_of
from gearmang.dead_letters.store.signing import may_hold
from gearmang.dead_letters.store.tables import bodies, dead_letters

_AT_ONCE: Final = 500  # letters whose bodies are in memory together
_BYTES_AT_ONCE: Final = 32 * 1024 * 1024  # of payloads that are


def holding(
    connection: Connection,
    text: str,
    conditions: Sequence[ColumnElement[bool]],
    *,
    most: int | None = None,
) -> list[int]:
    """The ids of letters that hold a text in the payload or in a dossier, the newest first.

    Args:
        conditions: what else they must be.
        most: no more than so many, the newest.
    """
    wanted = text.encode("utf-8", "surrogateescape")
    in_json = orjson.dumps(fit(text, len(text)))[1:-1]  # as JSON escapes it
    found: list[int] = []
    among = may_hold(connection, {wanted, in_json})
    for ids in _batches(connection, conditions, among):
        rows = connection.execute(
            select(bodies.c.id, bodies.c.payload, bodies.c.history)
            .where(one_of(connection, bodies.c.id, ids))
            .order_by(bodies.c.id.desc())
        )
        found += [row.id for row in rows if wanted in row.payload or in_json in row.history]
        if most is not None and len(found) >= most:
            return found[:most]
    return found


def _batches(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], among: list[int] | None
) -> Iterator[list[int]]:
    """The ids of letters that are so, the newest first, as many as fit into memory at once.

    Args:
        among: which of them, the newest first; None for all.
    """
    before: int | None = None
    while among is None or among:
        query = select(dead_letters.c.id, dead_letters.c.payload_bytes).where(*conditions)
        if among is not None:
            some, among = among[:_AT_ONCE], among[_AT_ONCE:]
            query = query.where(one_of(connection, dead_letters.c.id, some))
            sized = connection.execute(query.order_by(dead_letters.c.id.desc())).all()
            yield from _fitting([(row.id, row.payload_bytes) for row in sized])
            continue
        if before is not None:
            query = query.where(dead_letters.c.id < before)
        rows = connection.execute(query.order_by(dead_letters.c.id.desc()).limit(_AT_ONCE)).all()
        if not rows:
            return
        yield from _fitting([(row.id, row.payload_bytes) for row in rows])
        before = rows[-1].id


def _fitting(letters: list[tuple[int, int]]) -> Iterator[list[int]]:
    """The ids in groups whose payloads fit into memory together."""
    ids: list[int] = []
    room = _BYTES_AT_ONCE
    for identity, size in letters:
        if ids and size > room:
            yield ids
            ids, room = [], _BYTES_AT_ONCE
        ids.append(identity)
        room -= size
    if ids:
        yield ids
