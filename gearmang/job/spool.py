"""Copies that gearmand refused, kept in files until it takes them: nothing is lost meanwhile.

One file a copy, written under another name, fsynced and renamed: a file with the ending ``.job``
is whole. Several workers may share a folder. What cannot be read is set aside, what cannot be
removed goes out once: neither holds up what is behind it.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from gearmang.errors import SpoolError
from gearmang.job.submission import Packed

FILE_MODE: Final = 0o640
FOLDER_MODE: Final = 0o750
PARTIAL_AGE: Final = 3600.0  # seconds; no copy takes that long to be written
_ENDING: Final = ".job"
_PARTIAL: Final = re.compile(r"[0-9]{20}-[0-9]+")

log = logging.getLogger("gearmang.spool")


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
            self._sweep()
        self._passed: set[Path] = set()  # sent but not removed, or neither read nor set aside

    def add(self, packed: Packed) -> None:
        """Keep a copy; when this returns it outlives a crash of the host.

        Raises:
            SpoolError: it could not be written.
        """
        head = {"function": os.fsencode(packed.function).hex(), "unique": packed.unique}
        head |= {"priority": packed.priority, "at": packed.at}  # type: ignore[dict-item]
        name = f"{time.time_ns():020d}-{os.getpid()}"
        with self._named():
            partial = self.folder / name
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
            try:
                with open(descriptor, "wb") as file:  # noqa: PTH123  # Path has no open for descriptors
                    file.write(orjson.dumps(head) + b"\n")
                    file.write(packed.payload)
                    file.flush()
                    os.fsync(descriptor)
                partial.rename(self.folder / (name + _ENDING))
            except BaseException:
                with contextlib.suppress(OSError):
                    partial.unlink()
                raise
            self._sync()

    def oldest(self) -> Spooled | None:
        """The copy that has waited for longest, held against other workers until `let_go`.

        None when there is none, or another worker is at it. A file that cannot be read is set
        aside under another name.
        """
        with self._named():
            paths = sorted(self.folder.glob(f"*{_ENDING}"))
            if not set(paths) - self._passed or not self._take_lock():
                return None
            for path in paths:
                if path in self._passed:
                    continue
                try:
                    packed = _read(path)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    self._set_aside(path, error.strerror or str(error))
                    continue
                if packed is not None:
                    return Spooled(path, packed)
                self._set_aside(path, "it holds no copy of a job")
            self.let_go()
        return None

    def remove(self, spooled: Spooled) -> None:
        """Forget a copy that gearmand has queued.

        Raises:
            SpoolError: its file is still there; this spool does not give it out again.
        """
        try:
            spooled.path.unlink(missing_ok=True)
        except OSError as error:
            self._passed.add(spooled.path)
            raise SpoolError(
                f"{spooled.path} is queued and cannot be removed ({error.strerror}); remove it, or "
                "the next start of a worker queues it again"
            ) from None
        with self._named():
            self._sync()

    def let_go(self) -> None:
        """Let other workers use the spool."""
        fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def fileno(self) -> int:
        """The descriptor of the lock, which an executor must not keep open."""
        return self._lock_file

    def _set_aside(self, path: Path, why: str) -> None:
        aside = path.with_suffix(".broken")
        try:
            path.rename(aside)
        except OSError as error:
            self._passed.add(path)
            log.warning("%s is passed by: %s; nor can it be renamed: %s", path, why, error.strerror)
        else:
            log.warning("%s cannot be read (%s); it is set aside as %s", path, why, aside.name)

    def _sweep(self) -> None:
        """Remove what adds that were killed have left; their jobs are still with gearmand."""
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):
                if _PARTIAL.fullmatch(path.name) and (
                    time.time() - path.lstat().st_mtime > PARTIAL_AGE
                ):
                    path.unlink()

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
