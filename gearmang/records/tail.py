"""Lines of many growing files, as they come in."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gearmang.records.errors import RecordsError
from gearmang.records.lines import opened_for_reading
from gearmang.records.sources import find

PLAIN = (".jsonl", ".json", ".log")  # files that grow
READ_SIZE = 1 << 20  # bytes read from one file before the next has its turn
LONGEST_LINE = 1 << 20  # bytes; what goes on for longer without a newline is no record


@dataclass(slots=True)
class _Followed:
    descriptor: int
    inode: int
    rest: bytes = b""


class Follower:
    """Follows the ``*.jsonl`` files of folders and globs, and single files; new files are found.

    Args:
        places: folders, files and glob patterns.
        from_start: also give what the files held before, and what lies beside them rotated or
            packed; else only what is added.

    Raises:
        RecordsError: a place does not exist or cannot be read.
    """

    def __init__(self, places: tuple[str, ...], *, from_start: bool = False) -> None:
        found = find(places, may_be_empty=True)
        self._places = places
        self._followed: dict[str, _Followed] = {}
        self._earlier = [one for one in found.lines if from_start and not one.endswith(PLAIN)]
        self._new_from_start = from_start
        self._look()
        self._new_from_start = True  # a file that appears later is new as a whole

    def read(self) -> Iterator[bytes]:
        """The complete lines that were added since the last call."""
        while self._earlier:
            yield from _packed(self._earlier.pop(0))
        self._look()
        for path, followed in list(self._followed.items()):
            yield from self._read(path, followed)

    def close(self) -> None:
        """Close the files."""
        for followed in self._followed.values():
            os.close(followed.descriptor)
        self._followed.clear()

    def _look(self) -> None:
        for path in self._paths():
            if not path.name.endswith(PLAIN):
                continue
            try:
                inode = path.stat().st_ino
                known = self._followed.get(str(path))
                if known is None or known.inode != inode:
                    if known is not None:
                        os.close(known.descriptor)
                    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                    if not self._new_from_start:
                        os.lseek(descriptor, 0, os.SEEK_END)
                    self._followed[str(path)] = _Followed(descriptor, inode)
            except OSError:  # gone between the two calls, or not ours to read
                continue

    def _paths(self) -> Iterator[Path]:
        for place in map(Path, self._places):
            if place.is_dir():
                yield from place.rglob("*.jsonl")
            elif place.exists():
                yield place
            else:
                names = glob.glob(str(place), recursive=True)  # noqa: PTH207  # absolute patterns
                yield from map(Path, names)

    def _read(self, path: str, followed: _Followed) -> Iterator[bytes]:
        while data := os.read(followed.descriptor, READ_SIZE):
            *lines, followed.rest = (followed.rest + data).split(b"\n")
            if len(followed.rest) > LONGEST_LINE:
                followed.rest = b""
            yield from lines
        if os.fstat(followed.descriptor).st_nlink == 0:
            os.close(followed.descriptor)
            del self._followed[path]


def _packed(path: str) -> Iterator[bytes]:
    try:
        with opened_for_reading(path) as source:
            for line in source:
                yield line.rstrip(b"\n")
    except (OSError, EOFError) as error:
        raise RecordsError(f"{path} cannot be read: {error}") from None
