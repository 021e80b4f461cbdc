"""The store of a chaos run, in the hands of whoever wants it to fail: SQLite or PostgreSQL."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psycopg

from tests.daemons.postgresql import PostgreSQL

WAIT = 5.0  # seconds for a lock of our own

Freed = Callable[[], None]


class AnyStore(Protocol):
    """What the faults do to a store.

    Attributes:
        url: for ``--store``.
        server: its process, where it has one.
    """

    url: str
    server: PostgreSQL | None

    def lock(self) -> Freed:
        """Let nobody write until the lock is freed."""

    def remove(self) -> None:
        """End what was started for it."""


class File:
    """An SQLite store."""

    server: PostgreSQL | None = None

    def __init__(self, folder: Path) -> None:
        self.path = folder / "store.db"
        self.url = str(self.path)

    def lock(self) -> Freed:
        store = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
        with contextlib.suppress(sqlite3.OperationalError):
            store.execute("BEGIN IMMEDIATE")
        return store.close

    def remove(self) -> None:
        """There is nothing to end."""


class Database:
    """A PostgreSQL store, in a cluster of its own that may be killed."""

    def __init__(self) -> None:
        self._cluster = PostgreSQL().start()
        self.server: PostgreSQL | None = self._cluster
        self.url = self._cluster.new_database()

    def lock(self) -> Freed:
        try:
            connection = psycopg.connect(self.url, connect_timeout=2)
            connection.execute(f"SET lock_timeout = '{WAIT:g}s'")
            connection.execute("LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE")
        except psycopg.Error:
            return lambda: None  # it is down
        return connection.close

    def remove(self) -> None:
        self._cluster.remove()
