"""Old records packed by day: copied, verified, and only then removed."""

import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, cast

from gearmang.records.database import Database, opened
from gearmang.records.errors import RecordsError
from gearmang.records.lines import opened_for_reading
from gearmang.records.sources import find

Form = Literal["zstd", "parquet"]
CHUNK = 1 << 20  # bytes


class Packed(NamedTuple):
    """One day in the archive: its file, how many records, and the file's SHA-256."""

    day: date
    target: str
    records: int
    sha256: str
    sources: tuple[str, ...]


def days_before(places: Sequence[str], first_kept: date) -> dict[date, list[str]]:
    """The hourly files that lie wholly before a day, by day."""
    by_day: dict[date, list[str]] = {}
    for path in find(places).lines:
        digits = Path(path).name.removeprefix("tasks-")[:8]
        try:
            day = datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            continue
        if day < first_kept:
            by_day.setdefault(day, []).append(path)
    return dict(sorted(by_day.items()))


def pack(day: date, sources: Sequence[str], target: str, form: Form) -> Packed:
    """Copy one day's files into one of the archive, and read it back to compare.

    Args:
        day: which one.
        sources: its files.
        target: a folder, or an URL that fsspec knows, such as ``s3://bucket/records``.
        form: ``zstd`` keeps every line as it is; ``parquet`` keeps the records.

    Raises:
        RecordsError: it could not be written, or what was read back is not what was written.
    """
    ending = "jsonl.zst" if form == "zstd" else "parquet"
    place = f"{target.rstrip('/')}/tasks-{day:%Y%m%d}.{ending}"
    with_opener = _opener(place)
    local = Path(sources[0]).parent / f".archive-{day:%Y%m%d}-{os.getpid()}.{ending}"
    try:
        records = _zstd(sources, local) if form == "zstd" else _parquet(sources, local)
        wanted = _digest(local.open("rb"))
        if _exists(with_opener):
            _require_same(place, with_opener, wanted)
        else:
            with local.open("rb") as made, with_opener("wb") as out:
                while chunk := made.read(CHUNK):
                    out.write(chunk)
            _require_same(place, with_opener, wanted)
            with with_opener("wb", ".sha256") as out:
                out.write(f"{wanted}  tasks-{day:%Y%m%d}.{ending}\n".encode())
    except OSError as error:
        raise RecordsError(f"cannot archive {day} to {place}: {error}") from None
    finally:
        local.unlink(missing_ok=True)
    return Packed(day, place, records, wanted, tuple(sources))
