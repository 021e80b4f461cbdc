"""The few lines of one id, found in plain files by their text before DuckDB parses any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gearmang.records.sources import RecordFiles
from gearmang.records.tables import LONGEST_LINE
from gearmang.records.tail import PLAIN

CHUNK = 8 << 20  # bytes read at once
_SAFE = re.compile(r"[A-Za-z0-9_.:-]+")  # what JSON writes as it is


def narrowed(sources: RecordFiles, start: str, folder: Path) -> RecordFiles:
    """Files that hold all records whose id starts so, and few others.

    Plain files are searched for it and what may be such a record is copied; packed files, and
    those that cannot be read, stay as they are.

    Args:
        folder: where the copy goes.
    """
    if not _SAFE.fullmatch(start):
        return sources
    wanted = re.compile(rb'"id":\s*"(?i:' + re.escape(start).encode() + rb")")
    copy = folder / "narrowed.jsonl"
    rest = []
    with copy.open("wb") as out:
        for path in sources.lines:
            try:
                if path.endswith(PLAIN) and "://" not in path:
                    out.writelines(_lines(path, wanted))
                else:
                    rest.append(path)
            except (OSError, ValueError):
                rest.append(path)
    return RecordFiles((str(copy), *rest), sources.parquet, sources.named)


def _lines(path: str, wanted: re.Pattern[bytes]) -> Iterator[bytes]:
    with Path(path).open("rb") as file:
        while data := file.read(CHUNK):
            data += file.readline(LONGEST_LINE)
            end = 0
            for found in wanted.finditer(data):
                if found.start() >= end:  # not another one in the same line
                    end = data.find(b"\n", found.start()) + 1 or len(data)
                    yield data[data.rfind(b"\n", 0, found.start()) + 1 : end].rstrip(b"\n") + b"\n"
