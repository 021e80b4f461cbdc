"""The tally of a store in PostgreSQL: psycopg alone, as importing SQLAlchemy takes 0.1 s more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from gearmang.dead_letters.store.address import Address
from gearmang.dead_letters.store.errors import StoreError, StoreUnavailable

Rows = Callable[[str, dict[str, Any]], list[Any]]

_PARAMETER: Final = re.compile(r":(\w+)")  # SQLite's form; psycopg's is %(name)s


@contextmanager
def rows_of(address: Address, timeout: float) -> Iterator[Rows]:
    """A function that runs one read-only query; every answer comes within ``timeout`` seconds."""
    try:
        import psycopg
    except ModuleNotFoundError as error:
        raise StoreError(
            "a PostgreSQL store needs psycopg; install gearmang[postgresql]"
        ) from error
    try:
        with psycopg.connect(
            address.url.replace("+psycopg", "", 1),
            connect_timeout=max(1, int(timeout)),
            # A server that is frozen or unplugged must not hold a monitor for ever.
            tcp_user_timeout=int(timeout * 1000),
            options=f"-c statement_timeout={int(timeout * 1000)}"
            " -c default_transaction_read_only=on"
            " -c default_transaction_isolation=repeatable\\ read",
        ) as connection:
            yield lambda sql, values: connection.execute(
                _PARAMETER.sub(r"%(\1)s", sql).encode(), values
            ).fetchall()
    except psycopg.ProgrammingError as error:
        raise StoreError(
            f"the store {address} has no tables, or is not open to this user: "
            f"{_first_line(error)}; run `gearmang dead migrate`"
        ) from error
    except psycopg.OperationalError as error:
        raise StoreUnavailable(
            f"the store {address} cannot be reached: {_first_line(error)}"
        ) from error
    except psycopg.Error as error:
        raise StoreError(f"the store {address} cannot be read: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["no answer"])[0]
