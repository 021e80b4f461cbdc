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

LINES = (".jsonl", ".json", ".log", ".jsonl.gz", ".jsonl.zst", ".json.gz", ".json.zst")
PARQUET = (".parquet",)
_HOUR = re.compile(r"-(\d{10})\.jsonl")


@dataclass(frozen=True)
class RecordFiles:
    """The files to read, by format."""

    lines: tuple[str, ...]
    parquet: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """The files of every format."""
        return self.lines + self.parquet


def find(
    places: Sequence[str], since: datetime | None = None, *, may_be_empty: bool = False
) -> RecordFiles:
    """The files of records in the places.

    Args:
        places: folders (searched to any depth), files and glob patterns.
        since: leave out files named by an hour that was over then. A record lies in the file of
            the hour in which its block ended, so none that started later is left out.

    Raises:
        RecordsError: a place does not exist, or no place holds records.
    """
    found = sorted({path for place in places for path in _files(place)})
    lines = [path for path in found if path.endswith(LINES) and not _over(path, since)]
    parquet = [path for path in found if path.endswith(PARQUET)]
    if not found and not may_be_empty:
        raise RecordsError(
            f"no records in {', '.join(places)}: name a folder or file of *.jsonl, *.jsonl.gz,"
            " *.jsonl.zst or *.parquet with --records"
        )
    return RecordFiles(tuple(lines), tuple(parquet))


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
    if "://" in place:
        system, folder = url_to_fs(place)
        names = system.find(folder)
        return [system.unstrip_protocol(name) for name in names if name.endswith(LINES + PARQUET)]
    path = Path(place)
    if path.is_dir():
        return [
            str(inside)
            for inside in path.rglob("*")
            if inside.name.endswith(LINES + PARQUET) and inside.is_file()
        ]
    if path.exists():
        return [str(path)]
    matching = [name for name in glob.glob(place, recursive=True) if Path(name).is_file()]  # noqa: PTH207  # absolute patterns
    if not matching:
        raise RecordsError(f"{place} does not exist: name where the records are with --records")
    return matching


def _over(path: str, since: datetime | None) -> bool:
    named = _HOUR.search(path)
    if since is None or named is None:
        return False
    try:
        hour = datetime.strptime(named[1], "%Y%m%d%H").replace(tzinfo=timezone.utc)
    except ValueError:
        return False
    return hour.timestamp() + 3600 <= since.timestamp()
