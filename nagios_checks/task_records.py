"""The task records of the last while, as figures by function.

Read with orjson, file by file: for the hour or two of a check that costs less than importing
DuckDB up to some hundred thousand records, and it holds one number a record.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import orjson

from gearmang.errors import GearmangError
from gearmang.records.sources import find

LINES_BETWEEN_CLOCK_LOOKS = 1_000


class UnreadableRecords(GearmangError):
    """The records could not be read, or not in time."""


@dataclass
class TaskFigures:
    """What the records say of one function.

    Attributes:
        failures: attempts that did not end in success.
        last: when the latest attempt ended, in seconds since the epoch.
        durations: of every attempt, in seconds.
    """

    failures: int = 0
    last: float = 0.0
    durations: list[float] = field(default_factory=list)

    @property
    def attempts(self) -> int:
        return len(self.durations)

    @property
    def failure_rate(self) -> float:
        """Per cent."""
        return 100 * self.failures / len(self.durations)

    @property
    def p95(self) -> float:
        """The duration that 95 % of the attempts kept to, in seconds (nearest rank)."""
        ordered = sorted(self.durations)
        return ordered[-(-95 * len(ordered) // 100) - 1]


def figures(path: str, *, since: float, deadline: float) -> dict[str, TaskFigures]:
    """Read the records of attempts that ended after a time.

    Args:
        path: a folder of records, or one file.
        since: in seconds since the epoch.
        deadline: on the monotonic clock; no reading goes on after it.

    Raises:
        UnreadableRecords: there are none, they cannot be read, or not in time.
    """
    found: dict[str, TaskFigures] = {}
    try:
        files = find([path], datetime.fromtimestamp(since, timezone.utc)).lines
        for number, line in enumerate(line for file in files for line in _lines(file)):
            if number % LINES_BETWEEN_CLOCK_LOOKS == 0 and time.monotonic() > deadline:
                raise UnreadableRecords(
                    f"the records in {path} could not be read in time, {number:,} were; "
                    "allow more with -t, or look at less with --window"
                )
            add(found, line, since)
    except GearmangError as error:
        raise UnreadableRecords(str(error)) from None
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableRecords(f"the records in {path} cannot be read: {reason}") from None
    return found


def add(found: dict[str, TaskFigures], line: bytes, since: float) -> None:
    """Count one line, if it is the record of an attempt that ended after ``since``.

    A line that was torn by a full disk is no record, nor is that of a part of an attempt.
    """
    try:
        record: Any = orjson.loads(line)
        task, seconds = record["task"], record["duration_ms"] / 1000
        ended = datetime.fromisoformat(record["ts"]).timestamp() + seconds
        of_a_part = "parent" in record
    except (ValueError, KeyError, TypeError):
        return
    if of_a_part or ended < since or not isinstance(task, str):
        return
    figure = found.setdefault(task, TaskFigures())
    figure.durations.append(seconds)
    figure.failures += record.get("outcome") != "success"
    figure.last = max(figure.last, ended)


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
