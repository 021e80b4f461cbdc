"""Which files hold the records."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from gearmang.records.errors import RecordsError

# What log_shipping, the receivers, logrotate (also with dateext) and `gearmang logs archive` write.
LINES = re.compile(r"\.(jsonl|json|log)([.-][0-9]{1,14})?(\.gz|\.zst)?$")
PARQUET = ".parquet"
_HOUR = re.compile(r"-([0-9]{10})\.jsonl")
_DAY = re.compile(r"-([0-9]{8})(?:-[0-9a-f]{12})?\.(?:jsonl|parquet)")
HOUR, DAY = 3_600, 86_400  # seconds
ZONES = 13 * HOUR  # a receiver names a day by its own zone: so much later it is over everywhere


@dataclass(frozen=True)
class RecordFiles:
    """The files to read, by format, and which of them the user named himself."""

    lines: tuple[str, ...]
    parquet: tuple[str, ...]
    named: frozenset[str] = frozenset()

    @property
    def all(self) -> tuple[str, ...]:
        """The files of every format."""
        return self.lines + self.parquet

    def without(self, path: str) -> RecordFiles:
        """The same but one file."""
        return RecordFiles(
            tuple(one for one in self.lines if one != path),
            tuple(one for one in self.parquet if one != path),
            self.named,
        )


def find(
    places: Sequence[str], since: datetime | None = None, *, may_be_empty: bool = False
) -> RecordFiles:
    """The files of records in the places.

    Args:
        places: folders (searched to any depth), files and glob patterns.
        since: leave out files named by an hour or a day that was over then. A record lies in the
            file of the hour in which its block ended, so none that started later is left out.

    Raises:
        RecordsError: a place does not exist or cannot be read, or no place holds records.
    """
    found = sorted({path for place in places for path in _files(place)})
    wanted = [path for path in found if not _over(path, since)]
    lines = tuple(path for path in wanted if LINES.search(path))
    parquet = tuple(path for path in wanted if path.endswith(PARQUET))
    if not found and not may_be_empty:
        raise RecordsError(
            f"no records in {', '.join(places)}: name a folder or file of *.jsonl, *.jsonl.gz,"
            " *.jsonl.zst or *.parquet with --records"
        )
    return RecordFiles(lines, parquet, frozenset(path for path in found if path in places))


def packed_or_plain(path: str) -> bool:
    """Whether a file's name says that it holds records."""
    return path.endswith(PARQUET) or LINES.search(path) is not None


def url_to_fs(place: str) -> tuple[Any, str]:
    """The fsspec file system of a path or URL, and the path in it.

    Raises:
        RecordsError: fsspec, or what it needs for this kind of URL, is not installed.
    """
    try:
        from fsspec.core import url_to_fs as split
    except ImportError:
        raise RecordsError(f"{place} needs fsspec: pip install 'gearmang[analytics]'") from None
    try:
        found: tuple[Any, str] = split(place)
    except (ImportError, ValueError) as error:
        raise RecordsError(f"{place}: {error}") from None
    return found


def quoted_list(paths: Iterable[str]) -> str:
    """Paths as a list of SQL texts."""
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"


def _files(place: str) -> Iterable[str]:
    if place.startswith("clickhouse://"):
        raise RecordsError(
            f"this reads files, not {place.partition('://')[0]}: stats, slow, failures, top, trace,"
            " plot, report and sql ask a table"
        )
    if "://" in place:
        system, folder = url_to_fs(place)
        names = system.find(folder)
        return [system.unstrip_protocol(name) for name in names if packed_or_plain(name)]
    path = Path(place)
    if path.is_dir():
        return [
            str(inside)
            for inside in path.rglob("*")
            if packed_or_plain(inside.name) and inside.is_file()
        ]
    if path.exists():
        return [_readable(place)]
    named = glob.glob(place, recursive=True)  # noqa: PTH207  # absolute patterns
    matching = [name for name in named if packed_or_plain(name) and Path(name).is_file()]
    if not matching:
        raise RecordsError(f"{place} does not exist: name where the records are with --records")
    return matching


def _readable(place: str) -> str:
    """The file, which the user named: to leave it out would answer something else."""
    if not packed_or_plain(place):
        raise RecordsError(
            f"{place} is no file of records: its name ends in .jsonl, .jsonl.gz, .jsonl.zst or"
            " .parquet"
        )
    try:
        with Path(place).open("rb"):
            return place
    except OSError as error:
        raise RecordsError(
            f"{place} cannot be read: {error.strerror}; be in the group of its owner"
        ) from None


def _over(path: str, since: datetime | None) -> bool:
    if since is None:
        return False
    name = path.rpartition("/")[2]
    for pattern, form, length in ((_HOUR, "%Y%m%d%H", HOUR), (_DAY, "%Y%m%d", DAY + ZONES)):
        if named := pattern.search(name):
            try:
                start = datetime.strptime(named[1], form).replace(tzinfo=timezone.utc)
            except ValueError:
                return False
            return start.timestamp() + length <= since.timestamp()
    return False
