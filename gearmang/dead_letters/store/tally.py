"""How many dead letters there are, for monitors: read-only, quick, within a deadline.

For an SQLite store this needs the standard library only. All figures come from counters that are
kept with every change, so that a million letters are counted as fast as ten.
"""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from gearmang.dead_letters.store.address import Address
from gearmang.dead_letters.store.errors import StoreError, StoreUnavailable
from gearmang.dead_letters.store.moment import SECONDS_PER_MINUTE, first_id, minute_of
from gearmang.dead_letters.store.silences import ACTIVE, SERVER, Silence, covering

__all__ = ["StoreError", "StoreUnavailable", "Tally", "tally"]

_STEPS_BETWEEN_CLOCK_LOOKS: Final = 10_000  # of SQLite's virtual machine: well under 1 ms

_KEPT: Final = (
    "SELECT function, SUM(dead) FROM dead_letter_fingerprints"
    " WHERE dead > 0 GROUP BY function ORDER BY function"
)
# A cause that is snoozed is no news: it is kept, and not counted as arrived or new.
# Whole minutes come from the counters; what arrived in the cut minute before them is counted.
_ARRIVED: Final = (
    "SELECT function, SUM(arrived) FROM ("
    " SELECT f.function AS function, a.arrived AS arrived"
    " FROM dead_letter_arrivals a JOIN dead_letter_fingerprints f ON f.fingerprint = a.fingerprint"
    " WHERE a.minute >= :minute"
    " AND f.snoozed_left IS NULL AND COALESCE(f.snoozed_until, 0) <= :now"
    " UNION ALL"
    " SELECT d.function, 1 FROM dead_letters d"
    " JOIN dead_letter_fingerprints f ON f.fingerprint = d.fingerprint"
    " WHERE d.id >= :first AND d.id < :last"
    " AND f.snoozed_left IS NULL AND COALESCE(f.snoozed_until, 0) <= :now"
    ") AS arrivals GROUP BY function ORDER BY function"
)
# Only where servers are silent: the letters of the window themselves say where they came from.
_BY_SERVER: Final = (
    "SELECT d.function, d.server, COUNT(*) FROM dead_letters d"
    " JOIN dead_letter_fingerprints f ON f.fingerprint = d.fingerprint"
    " WHERE d.id >= :first AND d.server IS NOT NULL"
    " AND f.snoozed_left IS NULL AND COALESCE(f.snoozed_until, 0) <= :now"
    " GROUP BY d.function, d.server"
)
_UNDER_WAY: Final = "SELECT SUM(requeuing + recalling) FROM dead_letter_fingerprints"
_PARAMETER: Final = r":(\w+)"  # SQLite's form; psycopg's is %(name)s
_NEW: Final = (
    "SELECT f.fingerprint, f.function FROM dead_letter_fingerprints f"
    " WHERE f.first_seen >= :since"
    " AND f.snoozed_left IS NULL AND COALESCE(f.snoozed_until, 0) <= :now"
    " ORDER BY f.first_seen, f.fingerprint"
)


class Tally(NamedTuple):
    """The figures of one store.

    Attributes:
        kept: how many letters are dead now, by function.
        arrived: how many were stored since then, whatever became of them, by function; those of
            snoozed causes left out.
        new_fingerprints: fingerprint → function of each that was first seen since then.
        under_way: letters on their way to gearmand or back from it; a killed command leaves some.
        silences: those of now.
        silenced: how many of those that arrived a silence covers, by function.
    """

    kept: dict[str, int]
    arrived: dict[str, int]
    new_fingerprints: dict[str, str]
    under_way: int = 0
    silences: tuple[Silence, ...] = ()
    silenced: Mapping[str, int] = MappingProxyType({})

    def audible(self) -> Tally:
        """The same without what arrived, or is new, of functions and servers that are silent."""
        arrived = {
            function: count - self.silenced.get(function, 0)
            for function, count in self.arrived.items()
            if count > self.silenced.get(function, 0)
        }
        new = {
            mark: function
            for mark, function in self.new_fingerprints.items()
            if covering(self.silences, function=function) is None
        }
        return self._replace(arrived=arrived, new_fingerprints=new)


_Rows = Callable[[str, dict[str, Any]], list[Any]]  # one query, with its values


def tally(store: str, *, since: float, timeout: float = 5.0) -> Tally:
    """Count the dead letters of a store.

    Args:
        store: a path, ``sqlite:///path`` or ``postgresql://…``.
        since: from when on arrivals and new fingerprints count, in seconds since the epoch.
        timeout: seconds within which the answer is here or an error is raised.

    Raises:
        StoreError: the store is missing, has no tables or cannot be read in time.
    """
    with _rows_of(store, timeout) as rows:
        return _count(rows, since)


def _count(rows: _Rows, since: float) -> Tally:
    since = max(0.0, since)
    minute = minute_of(since) + (since % SECONDS_PER_MINUTE > 0)
    now = time.time()
    cut = {
        "now": now,
        "minute": minute,
        "first": first_id(since),
        "last": first_id(minute * SECONDS_PER_MINUTE),
    }
    arrived = {function: int(count) for function, count in rows(_ARRIVED, cut)}
    silences = tuple(Silence(*row) for row in rows(ACTIVE, {"now": now}))
    silenced = {
        function: count
        for function, count in arrived.items()
        if covering(silences, function=function) is not None
    }
    by_server: dict[str, int] = defaultdict(int)
    if any(silence.kind == SERVER for silence in silences):
        for function, server, count in rows(_BY_SERVER, {"first": cut["first"], "now": now}):
            if function not in silenced and covering(silences, server=server) is not None:
                by_server[function] += int(count)
    return Tally(
        kept={function: int(count) for function, count in rows(_KEPT, {})},
        arrived=arrived,
        new_fingerprints=dict(map(tuple, rows(_NEW, {"since": since, "now": now}))),
        under_way=int(rows(_UNDER_WAY, {})[0][0] or 0),
        silences=silences,
        silenced={**by_server, **silenced},
    )


def silences(store: str, *, timeout: float = 5.0) -> tuple[Silence, ...]:
    """The silences of now, for monitors: read-only, within a deadline.

    Raises:
        StoreError: the store is missing, has no tables or cannot be read in time.
    """
    with _rows_of(store, timeout) as rows:
        return tuple(Silence(*row) for row in rows(ACTIVE, {"now": time.time()}))


@contextmanager
def _rows_of(store: str, timeout: float) -> Iterator[_Rows]:
    """A function that runs one read-only query; all of them see one moment."""
    address = Address.parse(store)
    if address.path is None:
        with _of_server(address, timeout) as rows:
            yield rows
    else:
        with _of_file(address.path, timeout) as rows:
            yield rows


@contextmanager
def _of_file(path: Path, timeout: float) -> Iterator[_Rows]:
    deadline = time.monotonic() + timeout
    try:
        with closing(_open(path, timeout)) as connection:
            connection.set_progress_handler(
                lambda: time.monotonic() > deadline, _STEPS_BETWEEN_CLOCK_LOOKS
            )
            # One transaction: the three answers are of the same moment.
            connection.execute("BEGIN")
            yield lambda sql, values: connection.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise _explained(path, error, timeout) from error


def _open(path: Path, timeout: float) -> sqlite3.Connection:
    if not path.exists():
        raise StoreError(
            f"there is no store at {path}; has `gearmang collect` run, and is --store right?"
        )
    # A reader that may not write to the folder cannot make the files of SQLite's write-ahead log.
    # Where there is none, nobody has the store open, and it can be read as a plain file.
    mode = "mode=ro"
    if not path.with_name(f"{path.name}-wal").exists():
        mode = "mode=ro&immutable=1"
    uri = f"file:{quote(str(path.absolute()))}?{mode}"
    return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)


def _explained(path: Path, error: sqlite3.Error, timeout: float) -> StoreError:
    text = str(error)
    if "no such table" in text or "no such column" in text:
        return StoreError(f"the store {path} has no tables; run `gearmang dead migrate`")
    if text == "interrupted" or "locked" in text or "busy" in text:
        return StoreUnavailable(f"the store {path} gave no answer within {timeout:g} s")
    return StoreError(f"the store {path} cannot be read: {text}")


@contextmanager
def _of_server(address: Address, timeout: float) -> Iterator[_Rows]:
    """A function that runs one read-only query; every answer comes within ``timeout`` seconds."""
    import re

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
                re.sub(_PARAMETER, r"%(\1)s", sql).encode(), values
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
