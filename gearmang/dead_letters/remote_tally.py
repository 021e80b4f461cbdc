"""The tally of a store that is not an SQLite file: here SQLAlchemy is needed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from gearmang.dead_letters.address import Address
from gearmang.dead_letters.errors import StoreError, StoreUnavailable

Rows = Callable[[str, dict[str, Any]], list[Any]]


@contextmanager
def rows_of(address: Address, timeout: float) -> Iterator[Rows]:
    """A function that runs one read-only query; every answer comes within ``timeout`` seconds."""
    options = f"-c statement_timeout={int(timeout * 1000)} -c default_transaction_read_only=on"
    try:
        engine = create_engine(
            address.url,
            poolclass=NullPool,
            connect_args={"connect_timeout": max(1, int(timeout)), "options": options},
        )
        with engine.connect() as connection:
            yield lambda sql, values: [*connection.execute(text(sql), values)]
    except ProgrammingError as error:
        raise StoreError(
            f"the store {address} has no tables; run `gearmang dead migrate`"
        ) from error
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no answer"
        raise StoreUnavailable(f"the store {address} cannot be reached: {reason}") from error
    except (DBAPIError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(f"the store {address} cannot be read: {error}") from error
