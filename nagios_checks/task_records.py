"""The task records of the last while, as figures by function.

Read with orjson, or by the standard library where there is none, file by file: for the hour or
two of a check that costs less than importing DuckDB up to some hundred thousand records, and it
holds one number a record.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from gearmang.errors import GearmangError
from gearmang.records.attempts import attempted, quantile
from gearmang.records.errors import RecordsError
from gearmang.records.sources import find
from nagios_checks.permission import refused

try:
    from orjson import loads
except ImportError:
    from json import loads  # type: ignore[assignment]  # its further arguments are not used

LINES_BETWEEN_CLOCK_LOOKS = 1_000


class UnreadableRecords(GearmangError):
    """The records could not be read, or not in time."""


@dataclass
class TaskFigures:
    """What the records say of one function; a sampled record counts for all it stands for.

    Attributes:
        weight: how many attempts there were.
        failed: how many of them ended as a failure; one whose outcome is unknown is none.
        last: when the latest attempt ended, in seconds since the epoch.
        durations: of every recorded attempt, in seconds.
        waits: from submission to start, of the attempts that say so, in seconds.
    """

    weight: float = 0.0
    failed: float = 0.0
    last: float = 0.0
    durations: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def attempts(self) -> int:
        return round(self.weight)

    @property
    def failures(self) -> int:
        return round(self.failed)

    @property
    def failure_rate(self) -> float:
        """Per cent."""
        return 100 * self.failed / self.weight

    @property
    def p95(self) -> float:
        """The duration that 95 % of the attempts keep to, in seconds.

        Between two recorded ones it lies as far as 95 % does, as in ``gearmang logs stats``.
        """
        return quantile(sorted(self.durations), 0.95)

    @property
    def p95_wait(self) -> float | None:
        """The wait that 95 % of the attempts keep to, in seconds; None where none says it."""
        return quantile(sorted(self.waits), 0.95) if self.waits else None


class TaskRecords:
    """The figures by function, made of one line after the other.

    Args:
        since: attempts that ended before do not count, in seconds since the epoch.
    """

    def __init__(self, since: float) -> None:
        self.since = since
        self.by_task: dict[str, TaskFigures] = {}
        self._seen: set[int] = set()  # hashes: a text each would take three times the memory

    def add(self, line: bytes) -> None:
        """Count one line, if it is the record of an attempt that ended since then.

        A line that was torn by a full disk is no record, nor is that of a part of an attempt; one
        that was shipped again is the same attempt.
        """
        try:
            attempt = attempted(loads(line), line)
        except ValueError:
            return
        if attempt is None or attempt.ended < self.since:
            return
        event = hash(attempt.event)
        if event in self._seen:
            return
        self._seen.add(event)
        found = self.by_task.setdefault(attempt.task, TaskFigures())
        found.durations.append(attempt.duration)
        if attempt.waited is not None:
            found.waits.append(max(0.0, attempt.waited))  # clocks of two hosts
        found.weight += attempt.weight
        found.failed += attempt.weight if attempt.failed else 0
        found.last = max(found.last, attempt.ended)


def figures(path: str, *, since: float, deadline: float) -> dict[str, TaskFigures]:
    """Read the records of attempts that ended after a time.

    Args:
        path: a folder of records, or one file.
        since: in seconds since the epoch.
        deadline: on the monotonic clock; no reading goes on after it.

    Raises:
        UnreadableRecords: there are none, they cannot be read, or not in time.
    """
    found = TaskRecords(since)
    with readable(path):
        files = find([path], datetime.fromtimestamp(since, timezone.utc)).lines
        for number, line in enumerate(line for file in files for line in _lines(file)):
            if number % LINES_BETWEEN_CLOCK_LOOKS == 0 and time.monotonic() > deadline:
                raise UnreadableRecords(
                    f"the records in {path} could not be read in time, {number:,} were; "
                    "allow more with -t, or look at less with --window"
                )
            found.add(line)
    return found.by_task


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Say in one sentence why the records cannot be read, with the mend where there is one.

    Raises:
        UnreadableRecords: instead of what the block raised; a GearmangError that is none of the
            records' passes.
    """
    try:
        yield
    except PermissionError as error:
        closed = refused(str(error.filename or path)) or error.strerror
        raise UnreadableRecords(f"the records in {path} cannot be read: {closed}") from None
    except RecordsError as error:
        # A folder that may not be listed looks as if it were empty.
        raise UnreadableRecords(refused(path) or str(error)) from None
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableRecords(f"the records in {path} cannot be read: {reason}") from None


def _lines(file: str) -> Iterator[bytes]:
    if file.endswith(".zst"):
        try:
            import zstandard
        except ImportError:
            raise UnreadableRecords(
                f"{file} is compressed by zstd: pip install 'gearmang[analytics]'"
            ) from None
        opened: Any = zstandard.open(file, "rb")
    else:
        opened = gzip.open(file, "rb") if file.endswith(".gz") else open(file, "rb")  # noqa: PTH123, SIM115  # closed below
    with closing(opened) as lines:
        yield from lines
