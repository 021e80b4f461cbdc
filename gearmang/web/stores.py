"""The store of dead letters for many readers at once, none of whom waits longer than a page may."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import Final

from sqlalchemy import Connection, text

from gearmang.dead_letters.store.errors import StoreUnavailable
from gearmang.dead_letters.store.seam import Store

PATIENCE: Final = 1.5  # seconds that a page waits for the store
_READERS: Final = 4  # connections
_STEPS_BETWEEN_CLOCK_LOOKS: Final = 10_000  # of SQLite's virtual machine: well under 1 ms


class Stores:
    """A few connections to one store, each in the hands of one reader at a time."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._free: LifoQueue[Store] = LifoQueue()
        for _ in range(_READERS):
            self._free.put(Store(address, timeout=PATIENCE, patience=PATIENCE))

    def __str__(self) -> str:
        return str(Store(self.address))

    def close(self) -> None:
        """Let go of all connections that nobody holds."""
        while True:
            try:
                self._free.get_nowait().close()
            except Empty:
                return

    @contextmanager
    def looking(self, patience: float = PATIENCE) -> Iterator[Connection]:
        """One transaction that only reads, and ends with an error when its time is over.

        Args:
            patience: seconds for all of it.

        Raises:
            StoreUnavailable: it took too long, or the store is not there.
        """
        deadline = time.monotonic() + patience
        try:
            store = self._free.get(timeout=patience)
        except Empty:
            raise StoreUnavailable(
                f"the store {self} has too many readers now; look again"
            ) from None
        try:
            with store.reading() as connection, _hurried(connection, deadline):
                yield connection
        except StoreUnavailable as error:
            if "interrupted" in str(error) or "timeout" in str(error):
                raise StoreUnavailable(
                    f"the store {self} gave no answer within {patience:g} s; ask for less"
                ) from error
            raise
        finally:
            self._free.put(store)

    @contextmanager
    def changing(self) -> Iterator[Store]:
        """A store of its own for somebody who acts: that may take as long as it takes."""
        with Store(self.address) as store:
            yield store


@contextmanager
def _hurried(connection: Connection, deadline: float) -> Iterator[None]:
    """Make the engine itself give up at the deadline."""
    if connection.dialect.name == "postgresql":
        left = max(1, int(1000 * (deadline - time.monotonic())))
        connection.execute(text(f"SET LOCAL statement_timeout = {left:d}"))
        yield
        return
    raw = connection.connection.dbapi_connection
    assert raw is not None  # noqa: S101 # it is in a transaction
    raw.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_CLOCK_LOOKS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)
