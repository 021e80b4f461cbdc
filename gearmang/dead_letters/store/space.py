"""How large a store is on disk, and what of it is free; giving back what is free."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, update

from gearmang.dead_letters.store.errors import StoreUnavailable
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.signing import sign_all
from gearmang.dead_letters.store.tables import bodies, metadata

_PAGES_A_STEP: Final = 500  # that are given back in one transaction: others may write in between
_LETTERS_A_STEP: Final = 500
_INCREMENTAL: Final = 2  # SQLite's number for it


class Space(NamedTuple):
    """What a store takes.

    Attributes:
        total: bytes on disk, without the log.
        free: bytes of them that nothing is in; None where the engine does not tell.
        gives_back: whether what is freed goes back to the file system by itself.
    """

    total: int
    free: int | None
    gives_back: bool


def space(connection: Connection) -> Space:
    """What the store takes on disk."""
    if connection.dialect.name == "postgresql":
        sizes = [func.pg_total_relation_size(table.name) for table in metadata.sorted_tables]
        return Space(sum(connection.execute(select(*sizes)).one()), None, gives_back=True)
    page, pages, free, kind = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0)
        for name in ("page_size", "page_count", "freelist_count", "auto_vacuum")
    )
    return Space(pages * page, free * page, gives_back=kind == _INCREMENTAL)


def give_back(store: Store) -> int:
    """Give an SQLite store's free pages back, a few at a time; return how many bytes.

    PostgreSQL does it by itself (autovacuum), and so does no file of before revision 0004:
    `compact` changes that.
    """
    if store.address.path is None:
        return 0
    with store.reading() as connection:
        before = now = space(connection)
    while now.gives_back and now.free:
        with store.writing() as connection:
            # One at a time: asked for more, it frees one a step, and Python takes one step.
            plain = connection.connection.driver_connection
            assert plain is not None  # noqa: S101 # it is open
            for _ in range(_PAGES_A_STEP):
                plain.execute("PRAGMA incremental_vacuum(1)")
            left = space(connection)
        if left.free == now.free:
            break
        now = left
    return before.total - now.total


def compact(store: Store, *, progress: Callable[[int], None] = lambda _: None) -> int:
    """Compress what an earlier version has stored, sign all letters, give back all that is free.

    An SQLite store is written anew as a whole: nobody else can write to it meanwhile, and as much
    as it takes must be free on its disk. PostgreSQL gives back what its autovacuum finds.

    Args:
        progress: is told how many letters more were looked at.

    Returns:
        How many bytes the store takes less.

    Raises:
        StoreUnavailable: somebody else is writing, or the disk is full.
    """
    with store.reading() as connection:
        before = space(connection).total
    last = -1
    while (step := _compress_some(store, last)) is not None:
        last, looked_at = step
        progress(looked_at)
    sign_all(store)
    store.close()
    if store.address.path is not None:
        _rewrite(store)
    with store.reading() as connection:
        return before - space(connection).total


def _compress_some(store: Store, after: int) -> tuple[int, int] | None:
    with store.writing() as connection:
        rows = connection.execute(
            select(bodies.c.id, bodies.c.payload, bodies.c.history)
            .where(bodies.c.id > after)
            .order_by(bodies.c.id)
            .limit(_LETTERS_A_STEP)
            .with_for_update()
        ).all()
        if not rows:
            return None
        connection.execute(
            update(bodies)
            .where(bodies.c.id == bindparam("of_id"))
            .values(payload=bindparam("whole_payload"), history=bindparam("whole_history")),
            [
                {"of_id": row.id, "whole_payload": row.payload, "whole_history": row.history}
                for row in rows
            ],
        )
    return rows[-1].id, len(rows)


def _rewrite(store: Store) -> None:
    try:
        with contextlib.closing(
            sqlite3.connect(str(store.address.path), store.timeout, isolation_level=None)
        ) as plain:
            plain.execute(f"PRAGMA auto_vacuum={_INCREMENTAL}")
            plain.execute("VACUUM")
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the store {store} cannot be written anew: {error}") from error
