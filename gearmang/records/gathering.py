"""Many small files copied into one before DuckDB opens any: it takes milliseconds for each."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

from gearmang.records.errors import RecordsError
from gearmang.records.lines import opened_for_reading
from gearmang.records.sources import RecordFiles

MANY = 200  # files; fewer are read as fast where they are
SMALL = 256 * 1024  # bytes of a file that is worth a copy
MOST = 512 << 20  # bytes of the copy; temporary folders may lie in memory


def gathered(sources: RecordFiles, folder: Path) -> RecordFiles:
    """The same records in few files.

    Large files, those elsewhere and those that cannot be read stay as they are.

    Args:
        folder: where the copy goes.
    """
    if len(sources.lines) < MANY:
        return sources
    copy = folder / "gathered.jsonl"
    rest = []
    with copy.open("w+b") as out:
        for path in sources.lines:
            before = out.tell()
            try:
                is_small = "://" not in path and Path(path).stat().st_size <= SMALL
                if not is_small or before >= MOST:
                    rest.append(path)
                    continue
                _append(path, out)
            except (OSError, EOFError, RecordsError):  # half a .gz: whoever reads it names it
                out.seek(before)
                out.truncate()
                rest.append(path)
    return RecordFiles((str(copy), *rest), sources.parquet, sources.named)


def _append(path: str, out: BinaryIO) -> None:
    with opened_for_reading(path) as source:
        shutil.copyfileobj(source, out)
    out.seek(-1, 1)
    if out.read(1) != b"\n":
        out.write(b"\n")  # torn by a crash; the next file starts a line of its own
