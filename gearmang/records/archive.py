"""Old records packed by day: copied, verified, and only then removed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from gearmang.records.database import opened
from gearmang.records.errors import RecordsError
from gearmang.records.lines import opened_for_reading
from gearmang.records.sources import find, quoted_list, url_to_fs

Form = Literal["zstd", "parquet"]
ENDINGS = {"zstd": "jsonl.zst", "parquet": "parquet"}
CHUNK = 1 << 20  # bytes
# Records by their start that share one entry of the file's index: of a day, those who ask for an
# hour read few others.
TOGETHER = 16_384


class PackedDay(NamedTuple):
    """One day in the archive: its file, how many lines or records were packed, its SHA-256."""

    day: date
    target: str
    packed: int
    sha256: str


def days_before(places: Sequence[str], first_kept: date) -> dict[date, list[str]]:
    """The hourly files that lie wholly before a day, by day."""
    by_day: dict[date, list[str]] = {}
    for path in find(places).lines:
        digits = Path(path).name.removeprefix("tasks-")[:10]
        try:
            day = datetime.strptime(digits, "%Y%m%d%H").replace(tzinfo=timezone.utc).date()
        except ValueError:  # not named by the hour: nobody knows whether it still grows
            continue
        if day < first_kept:
            by_day.setdefault(day, []).append(path)
    return dict(sorted(by_day.items()))


def pack(day: date, sources: Sequence[str], target: str, form: Form) -> PackedDay:
    """Copy one day's files into one file of the archive, read it back, and compare.

    Args:
        day: which one.
        sources: its files.
        target: a folder, or an URL that fsspec knows, such as ``s3://bucket/records``.
        form: ``zstd`` keeps every line as it is; ``parquet`` keeps the records, each once.

    Raises:
        RecordsError: it could not be written, or what was read back differs.
    """
    name = f"tasks-{day:%Y%m%d}.{ENDINGS[form]}"
    store, folder = url_to_fs(target)
    place = f"{folder.rstrip('/')}/{name}"
    try:
        with tempfile.TemporaryDirectory(prefix="gearmang-archive-") as work:
            made = Path(work) / name
            count = _zstd(sources, made) if form == "zstd" else _parquet(sources, made)
            with made.open("rb") as source:
                wanted = _digest(source)
            if store.exists(place):
                # Late lines after an earlier run, or another host's file: never overwritten.
                place = place.replace(name, f"tasks-{day:%Y%m%d}-{wanted[:12]}.{ENDINGS[form]}")
            store.makedirs(folder, exist_ok=True)
            store.put_file(str(made), place)
        if isinstance(store.protocol, tuple) and "file" in store.protocol:
            with Path(place).open("rb") as written:
                os.fsync(written.fileno())
        with store.open(place, "rb") as back:
            if _digest(back) != wanted:
                raise RecordsError(f"{place} differs from what was written; nothing was removed")
        with store.open(f"{place}.sha256", "wb") as out:
            out.write(f"{wanted}  {place.rpartition('/')[2]}\n".encode())
    except OSError as error:
        raise RecordsError(f"cannot archive {day} to {target}: {error}") from None
    return PackedDay(day, store.unstrip_protocol(place), count, wanted)


def remove(sources: Iterable[str]) -> None:
    """Remove files that `pack` has copied and verified.

    Raises:
        RecordsError: one cannot be removed.
    """
    for path in sources:
        try:
            Path(path).unlink()
        except OSError as error:
            raise RecordsError(f"cannot remove {path}: {error.strerror}") from None


def _zstd(sources: Sequence[str], made: Path) -> int:
    import zstandard

    count = 0
    with made.open("wb") as out, zstandard.ZstdCompressor(level=10).stream_writer(out) as packer:
        for path in sources:
            with opened_for_reading(path) as source:
                last = b"\n"
                while chunk := source.read(CHUNK):
                    last = chunk
                    count += chunk.count(b"\n")
                    packer.write(chunk)
                if not last.endswith(b"\n"):
                    packer.write(b"\n")  # torn by a crash; the next file starts a line of its own
                    count += 1
    return count


def _parquet(sources: Sequence[str], made: Path) -> int:
    with opened(sources) as database:
        path = quoted_list([str(made)])
        database.ask(
            f"COPY (SELECT * FROM records ORDER BY ts) TO {path[1:-1]}"  # noqa: S608  # quoted
            f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {TOGETHER})"
        )
        ((here,),) = database.ask("SELECT count(*) FROM records").rows
        ((there,),) = database.ask(f"SELECT count(*) FROM read_parquet({path})").rows  # noqa: S608  # quoted
    if here != there:
        raise RecordsError(f"the archive has {there} of {here} records; nothing was removed")
    return int(there)


def _digest(source: BinaryIO | Any) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
