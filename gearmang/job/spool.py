"""Copies that gearmand refused, kept in files until it takes them: nothing is lost meanwhile.

One file a copy, written under another name, fsynced and renamed: a file with the ending ``.job``
is whole. Several workers may share a folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from gearmang.errors import SpoolError
from gearmang.job.submission import Packed

FILE_MODE: Final = 0o640
FOLDER_MODE: Final = 0o750
_ENDING: Final = ".job"


class Spooled(NamedTuple):
    """One file of the spool and the job that it holds."""

    path: Path
    packed: Packed


class Spool:
    """A folder of copies; made when it is missing.

    Raises:
        SpoolError: the folder cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with self._named():
            folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            self._lock_file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, FILE_MODE)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "it may not be written")

    def add(self, packed: Packed) -> None:
        """Keep a copy; when this returns it outlives a crash of the host.

        Raises:
            SpoolError: it could not be written.
        """
        head = {"function": os.fsencode(packed.function).hex(), "unique": packed.unique}
        head |= {"priority": packed.priority, "at": packed.at}  # type: ignore[dict-item]
        name = f"{time.time_ns():020d}-{os.getpid()}"
        with self._named():
            descriptor = os.open(
                self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE
            )
            with open(descriptor, "wb") as file:  # noqa: PTH123  # Path has no open for descriptors
                file.write(orjson.dumps(head) + b"\n" + packed.payload)
                file.flush()
                os.fsync(descriptor)
            (self.folder / name).rename(self.folder / (name + _ENDING))
            self._sync()

    def oldest(self) -> Spooled | None:
        """The copy that has waited for longest, held against other workers until `let_go`.

        None when there is none, or another worker is at it. A file that cannot be read is set
        aside under another name.
        """
        with self._named():
            paths = sorted(self.folder.glob(f"*{_ENDING}"))
            if not paths or not self._take_lock():
                return None
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    packed = _read(path)
                    if packed is not None:
                        return Spooled(path, packed)
                    path.rename(path.with_suffix(".broken"))
            self.let_go()
        return None

    def remove(self, spooled: Spooled) -> None:
        """Forget a copy that gearmand has queued."""
        with self._named():
            spooled.path.unlink(missing_ok=True)
            self._sync()

    def let_go(self) -> None:
        """Let other workers use the spool."""
        fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def fileno(self) -> int:
        """The descriptor of the lock, which an executor must not keep open."""
        return self._lock_file

    def _take_lock(self) -> bool:
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _sync(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SpoolError(
                f"the spool {self.folder} cannot be used: {error.strerror or error}; "
                "give --spool a folder that this user may write, with room on its disk"
            ) from None


def _read(path: Path) -> Packed | None:
    line, newline, payload = path.read_bytes().partition(b"\n")
    try:
        head = orjson.loads(line)
        function = os.fsdecode(bytes.fromhex(head["function"]))
        packed = Packed(function, payload, head["unique"], head["priority"], head["at"])
        packed.request()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return packed if newline else None
