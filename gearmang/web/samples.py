"""A day of what each function was, minute by minute, in a small SQLite file.

A row says what holds from its minute on, and is written when that changed: an idle function costs
nothing. A minute that was not whole (a server was lost, nobody polled) is in no row of ``minutes``,
and is a gap in every drawing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from gearmang.errors import GearmangError

MINUTE: Final = 60  # seconds
KEPT_MINUTES: Final = 24 * 60
HOUR_MINUTES: Final = 60  # that are kept in memory, for the drawings of the overview
_FILE_MODE: Final = 0o640
_TIMEOUT: Final = 2.0  # seconds to wait for another process that writes

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS minutes (minute INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS samples (
    function BLOB NOT NULL,
    minute INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    running INTEGER NOT NULL,
    workers INTEGER NOT NULL,
    PRIMARY KEY (function, minute)
) WITHOUT ROWID;
"""


class SamplesError(GearmangError):
    """The file of samples cannot be used."""


class Sample(NamedTuple):
    """One function at one minute, summed over all servers."""

    waiting: int
    running: int
    workers: int


_ABSENT: Final = Sample(0, 0, 0)  # a function that no server lists


class Samples:
    """The samples of the last day.

    Args:
        path: the file; None keeps them in memory, and forgets them at the end.

    Raises:
        SamplesError: the file cannot be made or is no file of samples.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = None if path is None else Path(path)
        self._lock = threading.Lock()
        try:
            if self.path is not None and not self.path.exists():
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, _FILE_MODE))
            self._connection = sqlite3.connect(
                self.path or ":memory:",
                timeout=_TIMEOUT,
                isolation_level=None,
                check_same_thread=False,
            )
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise SamplesError(
                f"the samples cannot be kept in {self.path}: {error}; name another file with"
                " --samples"
            ) from error
        self._last: dict[str, Sample] = {}
        self._hour: dict[str, deque[int]] = {}
        self._recent: deque[int] = deque(maxlen=HOUR_MINUTES)
        self._load()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def add(self, at: float, functions: Iterable[tuple[str, Sample]], *, whole: bool) -> None:
        """Take a poll; the first whole one of each minute is kept.

        Args:
            at: when it was, in seconds since the epoch.
            functions: name and sums of each.
            whole: whether every server answered; a poll that is not is a gap.

        Raises:
            SamplesError: the file cannot be written.
        """
        minute = int(at) // MINUTE
        with self._lock:
            if not whole or (self._recent and minute <= self._recent[-1]):
                return
            now = dict(functions)
            changed = [
                (_key(name), minute, *sample)
                for name, sample in now.items()
                if self._last.get(name) != sample
            ]
            changed += [(_key(name), minute, *_ABSENT) for name in self._last.keys() - now.keys()]
            try:
                self._write(minute, changed)
            except sqlite3.Error as error:
                raise SamplesError(f"a sample was not kept in {self.path}: {error}") from error
            self._last = now
            self._remember(minute, now)

    def hour(self, function: str) -> list[int | None]:
        """Waiting jobs of the last hour's minutes, the newest last; None for a gap."""
        with self._lock:
            kept, recent = self._hour.get(function), self._recent
            if not recent:
                return []
            values: list[int | None] = [None] * HOUR_MINUTES
            first = recent[-1] - HOUR_MINUTES + 1
            for minute, waiting in zip(recent, kept or [0] * len(recent)):
                if minute >= first:
                    values[minute - first] = waiting
            return values

    def day(self, function: str) -> list[tuple[int, Sample | None]]:
        """Minute (since the epoch) and sample of the last day, the oldest first; None for a gap."""
        with self._lock:
            minutes = [row[0] for row in self._connection.execute("SELECT minute FROM minutes")]
            rows = self._connection.execute(
                "SELECT minute, waiting, running, workers FROM samples"
                " WHERE function = ? ORDER BY minute",
                [_key(function)],
            ).fetchall()
        if not minutes:
            return []
        starts = [row[0] for row in rows]
        known = set(minutes)
        found: list[tuple[int, Sample | None]] = []
        for minute in range(max(min(minutes), max(minutes) - KEPT_MINUTES + 1), max(minutes) + 1):
            place = bisect_right(starts, minute)
            sample = Sample(*rows[place - 1][1:]) if place else _ABSENT
            found.append((minute, sample if minute in known else None))
        return found

    def _write(self, minute: int, changed: Sequence[tuple[object, ...]]) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            execute("INSERT OR IGNORE INTO minutes VALUES (?)", [minute])
            self._connection.executemany(
                "INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?)", changed
            )
            if minute % HOUR_MINUTES == 0:
                self._prune(minute - KEPT_MINUTES)
            execute("COMMIT")
        except sqlite3.Error:
            execute("ROLLBACK")
            raise

    def _prune(self, before: int) -> None:
        """Forget older minutes; of each function the row that holds at their end stays."""
        self._connection.execute("DELETE FROM minutes WHERE minute < ?", [before])
        self._connection.execute(
            "DELETE FROM samples WHERE minute < (SELECT max(minute) FROM samples AS later"
            " WHERE later.function = samples.function AND later.minute <= ?)",
            [before],
        )
        # Nothing but zeros for a day: the function has vanished.
        self._connection.execute(
            "DELETE FROM samples WHERE minute < ? AND waiting = 0 AND running = 0 AND workers = 0"
            " AND NOT EXISTS (SELECT 1 FROM samples AS later WHERE later.function ="
            " samples.function AND later.minute > samples.minute)",
            [before],
        )

    def _load(self) -> None:
        """What an earlier process knew: the last values, and the last hour."""
        rows = self._connection.execute(
            "SELECT minute FROM minutes ORDER BY minute DESC LIMIT ?", [HOUR_MINUTES]
        ).fetchall()
        minutes = sorted(row[0] for row in rows)
        if not minutes:
            return
        changes: dict[int, list[tuple[str, Sample]]] = {minute: [] for minute in minutes}
        for name, minute, *sample in self._connection.execute(
            "SELECT function, minute, waiting, running, workers FROM samples ORDER BY minute"
        ):
            place = max(minute, minutes[0])
            if place in changes:
                changes[place].append((name.decode("utf-8", "surrogateescape"), Sample(*sample)))
        now: dict[str, Sample] = {}
        for minute in minutes:
            now.update(changes[minute])
            now = {name: sample for name, sample in now.items() if sample != _ABSENT}
            self._remember(minute, now)
        self._last = now

    def _remember(self, minute: int, now: dict[str, Sample]) -> None:
        length = len(self._recent)
        self._recent.append(minute)
        for name in [*self._hour.keys() - now.keys()]:
            kept = self._hour[name]
            kept.append(0)
            if not any(kept):
                del self._hour[name]
        for name, sample in now.items():
            if (kept_ := self._hour.get(name)) is None:
                if not sample.waiting:
                    continue  # a flat line needs no memory
                kept_ = self._hour[name] = deque([0] * length, maxlen=HOUR_MINUTES)
            kept_.append(sample.waiting)


def _key(function: str) -> bytes:
    """The name as gearmand has it: it need not be UTF-8."""
    return function.encode("utf-8", "surrogateescape")
