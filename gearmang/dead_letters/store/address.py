"""Where a store is: the path of an SQLite file, or an SQLAlchemy URL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from gearmang.dead_letters.store.errors import StoreError

_SCHEME = re.compile(r"(?P<scheme>[a-z][a-z0-9+._-]*)://", re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=://)([^:/@]*:).*(?=@)")  # to the last @: it may hold others
_PASSWORD_OPTION = re.compile(r"(?<=password=)[^&]*", re.IGNORECASE)


class Address(NamedTuple):
    """The address of one store; ``str()`` shows it without its password.

    Attributes:
        path: the file, for SQLite; None for another engine.
        url: what SQLAlchemy is given.
    """

    path: Path | None
    url: str

    @classmethod
    def parse(cls, store: str) -> Address:
        """Read ``/var/lib/x.db``, ``sqlite:///x.db`` or ``postgresql://user@host/database``.

        ``postgres://`` and ``postgresql://`` get psycopg, version 3, as their driver.

        Raises:
            StoreError: an empty address, an SQLite address without a file, or another engine.
        """
        match = _SCHEME.match(store)
        scheme = match["scheme"].lower() if match else ""
        rest = store[match.end() :] if match else ""
        if scheme.partition("+")[0] in ("postgresql", "postgres"):
            return cls(None, f"postgresql+psycopg://{rest}")
        if scheme.partition("+")[0] == "sqlite":
            path = rest.removeprefix("/")
        elif not scheme:
            path = store
        else:
            raise StoreError(
                f"the store {_masked(store)!r} is of no engine that is known here; "
                "give the path of an SQLite file or postgresql://USER@HOST/DATABASE"
            )
        if not path or path == ":memory:" or "\0" in path:
            raise StoreError(f"the store {store!r} names no file; give the path of an SQLite file")
        return cls(Path(path), f"sqlite+pysqlite:///{path}")

    def __str__(self) -> str:
        return str(self.path) if self.path is not None else _masked(self.url)


def _masked(url: str) -> str:
    return _PASSWORD_OPTION.sub("***", _PASSWORD.sub(r"\1***", url))
