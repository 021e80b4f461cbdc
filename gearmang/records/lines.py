"""The lines of records as bytes, with their event_id, from plain, gzip and zstd files."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from gearmang.records.errors import RecordsError
from gearmang.records.sources import find

_EVENT_ID = re.compile(rb'"event_id":\s*"([^"\\]+)"')


def opened_for_reading(path: str) -> BinaryIO:
    """A file's bytes, unpacked by its name's ending."""
    if path.endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    if path.endswith(".zst"):
        try:
            import zstandard
        except ImportError:
            raise RecordsError(
                f"reading {path} needs zstandard: pip install 'gearmang[analytics]'"
            ) from None
        return cast(BinaryIO, zstandard.open(path, "rb"))
    return Path(path).open("rb")


def lines_of(places: Sequence[str]) -> Iterator[tuple[bytes, bytes]]:
    """event_id and line (with its newline) of each record in the places."""
    for path in find(places).lines:
        with opened_for_reading(path) as source:
            for line in source:
                found = _EVENT_ID.search(line)
                if found is not None:
                    yield found[1], line if line.endswith(b"\n") else line + b"\n"
