"""The minutes of jobs kept in a file, and brought up to date from the records before they are read.

Whoever reads them brings them up to date: each file of records is read on from where it was left,
so what is kept may be old and is never wrong. A file is known by its first line, whatever it is
called and however it is packed. What does not fit the records begins anew.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any, BinaryIO, Final, NamedTuple

import orjson

from gearmang.errors import GearmangError
from gearmang.records.attempts import attempted
from gearmang.records.lines import opened_for_reading
from gearmang.records.minutes import Minutes
from gearmang.records.sources import find
from gearmang.state_file import CannotKeep, locked, write_whole

FORM: Final = 1  # of the file; another one begins anew
FILE_MODE: Final = 0o640
LONGEST: Final = 6 * 3600.0  # seconds that are kept
SLACK: Final = 300.0  # seconds that clocks may differ by
MOST_BOUNDS: Final = 8
LONGEST_LINE: Final = 1 << 20  # bytes
LINES_BETWEEN_CLOCK_LOOKS: Final = 1_000
PACKED: Final = (".gz", ".zst")


class OutOfTime(GearmangError):
    """There was no time to read all records; what was read is kept, the next run goes on."""


class RolledUp(NamedTuple):
    """The minutes as they are now.

    Attributes:
        minutes: of the last six hours.
        unkept: why they could not be kept for the next run; empty where they are.
    """

    minutes: Minutes
    unkept: str = ""


class _Kept:
    """What the file holds.

    Attributes:
        minutes: the jobs.
        offsets: first line of a file of records, as its digest → bytes that were read.
        whole: packed files that were read to their end → their size and time of change.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self.minutes = Minutes(bounds)
        self.offsets: dict[str, int] = {}
        self.whole: dict[str, list[int]] = {}


def rolled_up(
    path: str, places: Sequence[str], bound: float, now: float, deadline: float
) -> RolledUp:
    """The jobs of the last six hours, by minute.

    Args:
        path: the file that keeps them; made where it is missing.
        places: folders, files and globs of records.
        bound: seconds from submission to a good end that are in time; it is counted from now on.
        now: in seconds since the epoch.
        deadline: on the monotonic clock.

    Raises:
        OutOfTime: there are more records than could be read.
        RecordsError: there are none, or they cannot be read.
        OSError, EOFError: a file of records cannot be read.
    """
    unkept = ""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path, deadline, FILE_MODE))
        except CannotKeep as error:
            unkept = str(error)
        kept = _read(path, bound, now)
        try:
            if not _bring_up(kept, places, now, deadline):
                kept = _Kept(kept.minutes.bounds)
                _bring_up(kept, places, now, deadline)
        finally:
            if not unkept:
                try:
                    write_whole(path, _text(kept, now), FILE_MODE)
                except CannotKeep as error:
                    unkept = str(error)
    return RolledUp(kept.minutes, unkept)


def _bring_up(kept: _Kept, places: Sequence[str], now: float, deadline: float) -> bool:
    """Read on; False where a file is shorter than what was read of it: it tells something else."""
    since = now - LONGEST
    kept.minutes.forget(since)
    offsets, kept.offsets = kept.offsets, {}
    whole, kept.whole = kept.whole, {}
    files = find(places, datetime.fromtimestamp(since, timezone.utc), may_be_empty=True).lines
    try:
        for file in files:
            found = os.stat(file)  # noqa: PTH116  # text
            if found.st_mtime < since - SLACK:
                continue  # nothing in it ended since
            stamp = [found.st_size, found.st_mtime_ns]
            if whole.get(file) == stamp:
                kept.whole[file] = stamp
                continue
            packed = file.endswith(PACKED)
            with opened_for_reading(file) as opened:
                at = _read_on(kept, opened, offsets, since, deadline)
            if packed:
                kept.whole[file] = stamp
            elif at > os.stat(file).st_size:  # noqa: PTH116  # text
                return False
    except BaseException:  # of the files that were not reached, what was read before still counts
        kept.offsets = {**offsets, **kept.offsets}
        raise
    return True


def _read_on(
    kept: _Kept, opened: BinaryIO, offsets: dict[str, int], since: float, deadline: float
) -> int:
    """Count the lines of one file that were not read before, and return how far it was read.

    Half a line is left for later.
    """
    first = opened.readline(LONGEST_LINE)
    if not first.endswith(b"\n"):
        return 0
    name = sha256(first).hexdigest()[:20]
    at = kept.offsets.get(name, offsets.get(name, 0))
    opened.seek(at)
    for number, line in enumerate(opened):
        if not line.endswith(b"\n"):
            break
        at += len(line)
        kept.offsets[name] = at
        _count(kept.minutes, line, since)
        if number % LINES_BETWEEN_CLOCK_LOOKS == 0 and time.monotonic() > deadline:
            raise OutOfTime(
                "the records of six hours could not be read in time; what was read is kept, "
                "and the next run goes on"
            )
    kept.offsets[name] = at
    return at


def _count(minutes: Minutes, line: bytes, since: float) -> None:
    try:
        attempt = attempted(orjson.loads(line), line)
    except orjson.JSONDecodeError:
        return
    if attempt is not None and attempt.ended >= since:
        minutes.add(attempt)


def _read(path: str, bound: float, now: float) -> _Kept:
    """What is kept; nothing where it does not count with this bound, or cannot be trusted."""
    bounds: list[float] = [bound]
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123  # as all that a check opens
            document: Any = json.loads(file.read())
        if document["form"] == FORM and document["at"] <= now + SLACK:
            kept = _Kept(())
            kept.minutes = Minutes.read(document)
            kept.offsets = {str(name): int(at) for name, at in document["offsets"].items()}
            kept.whole = {str(name): list(map(int, one)) for name, one in document["whole"].items()}
            if bound in kept.minutes.bounds and document["at"] >= now - LONGEST:
                return kept
            bounds += kept.minutes.bounds[-MOST_BOUNDS + 1 :]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass  # it begins anew, and is written whole
    return _Kept(bounds)


def _text(kept: _Kept, now: float) -> str:
    document = {"form": FORM, "at": now, "offsets": kept.offsets, "whole": kept.whole}
    return json.dumps({**document, **kept.minutes.document()}, separators=(",", ":"))
