"""The seam between dead letters and the database: transactions, deadlines, one kind of error."""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.pool import StaticPool

from gearmang.dead_letters.store.address import Address
from gearmang.dead_letters.store.errors import StoreError, StoreUnavailable
from gearmang.dead_letters.store.tables import REVISION, VERSION_TABLE

if TYPE_CHECKING:
    from typing_extensions import Self


DEFAULT_TIMEOUT: Final = 10.0  # seconds to wait for a lock or a connection
DEFAULT_PATIENCE: Final = 300.0  # seconds; a search through all payloads may take minutes
_FILE_MODE: Final = 0o640  # payloads are nobody else's business
_MIGRATION_LOCK: Final = 0x6765_6172  # any number that others are unlikely to take

_PRAGMAS_TO_READ: Final = (
    "foreign_keys=ON",
    "cache_size=-65536",  # KiB: a bulk action on a million letters stays in memory
)
_PRAGMAS: Final = (
    # Of a new file; one that has tables keeps its own. Letters of 2 to 4 KiB fill large pages.
    "page_size=16384",
    "auto_vacuum=INCREMENTAL",
    *_PRAGMAS_TO_READ,
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=2000",  # pages: a checkpoint syncs twice more
)


class Store:
    """One store of dead letters. Nothing is opened before the first transaction.

    Args:
        address: a path, ``sqlite:///path`` or ``postgresql://USER@HOST/DATABASE``.
        timeout: seconds to wait for another's lock and for a connection.
        patience: seconds that a server may take for one statement before it counts as frozen.
    """

    def __init__(
        self, address: str, *, timeout: float = DEFAULT_TIMEOUT, patience: float = DEFAULT_PATIENCE
    ) -> None:
        self.address = Address.parse(address)
        self.timeout = timeout
        self.patience = patience
        self._engine: Engine | None = None
        self._file = 0  # the inode that is open
        self._checked = False

    def __str__(self) -> str:
        return str(self.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; the next transaction opens it again."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
            self._checked = False

    def make(self) -> None:
        """Make the file of an SQLite store where it is missing, readable by owner and group.

        Raises:
            StoreError: the folder is missing or may not be written.
        """
        path = self.address.path
        if path is None or path.exists():
            return
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR, _FILE_MODE)
            os.fchmod(descriptor, _FILE_MODE)
            os.close(descriptor)
        except OSError as error:
            raise StoreError(
                f"the store {path} cannot be made: {error.strerror}; "
                "make its folder, or name another with --store"
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees one moment of the store and changes nothing."""
        with self._transaction(write=False, checked=True) as connection:
            yield connection

    @contextmanager
    def writing(self, *, checked: bool = True) -> Iterator[Connection]:
        """One transaction that is durable when the block has ended, or undone when it raised.

        With SQLite it excludes all other writers from its first line on.
        """
        with self._transaction(write=True, checked=checked) as connection:
            yield connection

    @contextmanager
    def _transaction(self, *, write: bool, checked: bool) -> Iterator[Connection]:
        self._notice_a_moved_file()
        path = self.address.path
        if write and path is not None and path.exists() and _access(path) != "rwc":
            raise StoreError(f"the store {self} may not be written by this user")
        try:
            with self._open().connect() as connection:
                connection = connection.execution_options(gearmang_write=write)
                with connection.begin():
                    if checked and not self._checked:
                        self._check(connection)
                    yield connection
        except DBAPIError as error:
            raise self._explained(error) from error
        except DisconnectionError as error:
            raise StoreUnavailable(f"the store {self} was lost: {error}") from error

    def revision(self, connection: Connection) -> str | None:
        """The revision of the tables; None where there are none."""
        if not connection.dialect.has_table(connection, VERSION_TABLE):
            return None
        found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 # a constant
        return found.scalar()

    def lock_for_migration(self, connection: Connection) -> None:
        """Keep others from migrating until this transaction ends; SQLite does it by itself."""
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))

    def _check(self, connection: Connection) -> None:
        revision = self.revision(connection)
        if revision is None:
            raise StoreError(f"the store {self} has no tables; run `gearmang dead migrate`")
        if revision != REVISION:
            raise StoreError(
                f"the store {self} has revision {revision}, this gearmang needs {REVISION}; "
                "run `gearmang dead migrate` of the newest version"
            )
        self._checked = True

    def _open(self) -> Engine:
        if self._engine is not None:
            return self._engine
        path = self.address.path
        if path is None:
            self._engine = self._postgresql()
        elif path.exists():
            self._file = path.stat().st_ino
            self._engine = _sqlite(path, _access(path), self.timeout)
        else:
            raise StoreUnavailable(
                f"there is no store at {path}; `gearmang dead migrate` makes one, "
                "or name another with --store"
            )
        return self._engine

    def _postgresql(self) -> Engine:
        try:
            from gearmang.dead_letters.store.postgres import engine_of
        except ModuleNotFoundError as error:
            raise StoreError(
                "a PostgreSQL store needs psycopg; install gearmang[postgresql]"
            ) from error
        return engine_of(self.address.url, self.timeout, self.patience)

    def _notice_a_moved_file(self) -> None:
        """SQLite would go on writing into a file that was deleted, or moved to a backup."""
        path = self.address.path
        if path is None or self._engine is None:
            return
        if _access(path) != "rwc":
            self.close()  # what it has read may be of yesterday
            return
        try:
            if path.stat().st_ino == self._file:
                return
        except OSError as error:
            self.close()
            raise StoreUnavailable(f"the store {path} is gone: {error.strerror}") from error
        self.close()

    def _explained(self, error: DBAPIError) -> StoreError:
        lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        reason = lines[0].strip()
        if isinstance(error, ProgrammingError) and not error.connection_invalidated:
            return StoreError(f"the store {self} does not fit this gearmang: {reason}")
        self._checked = False
        if isinstance(error.orig, sqlite3.Error):
            if "no such table" in reason:
                return StoreError(f"the store {self} has no tables; run `gearmang dead migrate`")
            if "malformed" in reason or "not a database" in reason:
                return StoreError(f"the store {self} is damaged: {reason}; restore it from a copy")
            if "readonly" in reason or "unable to open" in reason:
                return StoreError(f"the store {self} may not be written: {reason}")
        if isinstance(error, (OperationalError, InterfaceError, InternalError)):
            return StoreUnavailable(f"the store {self} is not available: {reason}")
        return StoreError(f"the store {self} refused: {reason}")


def _access(path: Path) -> str:
    """How this process can open an SQLite file: ``rwc``, ``ro`` or ``immutable``.

    A reader of a database with a log needs the two files beside it. Where they are missing nobody
    writes, and one who may not make them reads the database as a file that does not change.
    """
    has_log = Path(f"{path}-wal").exists() and Path(f"{path}-shm").exists()
    may = functools.partial(os.access, mode=os.W_OK, effective_ids=True)
    if may(path) and (has_log or may(path.parent)):
        return "rwc"
    return "ro" if has_log else "immutable"


def _sqlite(path: Path, access: str, timeout: float) -> Engine:
    how = {"ro": "?mode=ro", "immutable": "?mode=ro&immutable=1"}.get(access, "")

    def connect() -> sqlite3.Connection:
        place = f"file:{quote(str(path))}{how}" if how else str(path)
        return sqlite3.connect(
            place, timeout, isolation_level=None, check_same_thread=False, uri=bool(how)
        )

    # One connection a process: opening one costs more than most queries.
    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        for pragma in _PRAGMAS if not how else _PRAGMAS_TO_READ:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("gearmang_write", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
