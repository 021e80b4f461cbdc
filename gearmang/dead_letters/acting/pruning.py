"""Delete old letters, never before they are in an archive on disk."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Select, func, select

from gearmang.dead_letters.acting.exporting import as_lines
from gearmang.dead_letters.looking.history import record
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.many import one_of
from gearmang.dead_letters.store.moment import first_id
from gearmang.dead_letters.store.moves import discard
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.signing import forget_pruned
from gearmang.dead_letters.store.space import give_back
from gearmang.dead_letters.store.tables import UNDER_WAY, dead_letters, fingerprints

_BATCH: Final = 2_000  # letters that are archived and deleted together
_BYTES_A_WRITE: Final = 1024 * 1024
_ARCHIVE_MODE: Final = 0o640


def prune(
    store: Store,
    archive: Path,
    *,
    older_than: float | None = None,
    most_dead: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Delete the oldest letters, each only when its line in the archive is on disk.

    Killed in between, a letter may be in the archive and still in the store: never in neither.

    Args:
        archive: a JSON-lines file that is added to; `gearmang dead import` reads it.
        older_than: seconds; letters in any state that were stored earlier go.
        most_dead: dead letters above this number go.

    Returns:
        How many were deleted.

    Raises:
        StoreError: the archive or the store cannot be written.
    """
    pruned = 0
    if older_than is not None:
        before = first_id(time.time() - older_than)
        old = select(dead_letters.c.id).where(
            dead_letters.c.id < before, dead_letters.c.state.not_in(UNDER_WAY)
        )
        while count := _prune_some(store, archive, old, _BATCH):
            pruned += count
            progress(count)
    if most_dead is not None:
        dead = select(dead_letters.c.id).where(dead_letters.c.state == "dead")
        for _ in range(0, excess := count_excess(store, most_dead), _BATCH):
            count = _prune_some(store, archive, dead, min(_BATCH, excess))
            excess, pruned = excess - count, pruned + count
            progress(count)
    if pruned:
        with store.writing() as connection:
            record(connection, "pruned", detail=f"{pruned} letters to {archive}")
            forget_pruned(connection)
        give_back(store)
    return pruned


def count_excess(store: Store, most_dead: int) -> int:
    """How many dead letters there are above the most that are wanted."""
    with store.reading() as connection:
        dead = connection.execute(
            select(func.coalesce(func.sum(fingerprints.c.dead), 0))
        ).scalar_one()
    return max(0, int(dead) - most_dead)


def _prune_some(store: Store, archive: Path, which: Select[Any], limit: int) -> int:
    with store.writing() as connection:
        # Locked, so that nobody requeues a letter between the archive and the deletion.
        oldest = which.order_by(dead_letters.c.id).limit(limit).with_for_update()
        ids = [*connection.scalars(oldest)]
        if not ids:
            return 0
        try:
            _append(
                archive,
                as_lines(connection, one_of(connection, dead_letters.c.id, ids)),
            )
        except OSError as error:
            raise StoreError(
                f"the archive {archive} cannot be written: {error.strerror}; nothing was deleted"
            ) from error
        return discard(connection, ids)


def _append(archive: Path, lines: Iterable[bytes]) -> None:
    descriptor = os.open(archive, os.O_RDWR | os.O_CREAT | os.O_APPEND, _ARCHIVE_MODE)
    try:
        # One at a time: what a failed append cuts off must be its own. It ends with the descriptor.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        end = os.lseek(descriptor, 0, os.SEEK_END)
        try:
            # A run that was killed in the middle of a line leaves it torn: begin a new one.
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                _write(descriptor, b"\n")
            for some in _joined(lines):
                _write(descriptor, some)
            os.fsync(descriptor)
        except BaseException:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)


def _joined(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines in pieces that are worth a call to the system."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size > _BYTES_A_WRITE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
