"""Letters that hold a text: each is decompressed and looked into, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import orjson
from sqlalchemy import ColumnElement, Connection, select

from gearmang.dead_letters.arriving.letter import fit
from gearmang.dead_letters.store.many import one_of
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
    for ids in _batches(connection, conditions):
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
    connection: Connection, conditions: Sequence[ColumnElement[bool]]
) -> Iterator[list[int]]:
    """The ids of all letters that are so, the newest first, as many as fit into memory at once."""
    before: int | None = None
    while True:
        query = select(dead_letters.c.id, dead_letters.c.payload_bytes).where(*conditions)
        if before is not None:
            query = query.where(dead_letters.c.id < before)
        ids: list[int] = []
        room = _BYTES_AT_ONCE
        for row in connection.execute(query.order_by(dead_letters.c.id.desc()).limit(_AT_ONCE)):
            room -= row.payload_bytes
            if ids and room < 0:
                break
            ids.append(row.id)
        if not ids:
            return
        yield ids
        before = ids[-1]
