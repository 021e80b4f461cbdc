"""The temporary folders of jobs, known by their names to supervisor and executor.

An executor holds a lock on the folder of its job: who can have the lock knows that its worker is
dead, in whatever PID namespace that was.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

FORGOTTEN_AFTER: Final = 60.0  # seconds; a younger folder may not have its lock yet

_NAME: Final = re.compile(r"gearmang-[0-9a-f]{16}-\d+", re.ASCII)


def tmp_name(run_id: str, sequence: int) -> str:
    """The name of one job's folder; the run's random digits make it hard to guess."""
    return f"gearmang-{run_id}-{sequence}"


def make(name: str) -> tuple[Path, int]:
    """Make a job's folder; the descriptor that holds its lock.

    Raises:
        OSError: the folder for temporary files cannot be written.
    """
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(0o700)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return folder, lock


class Reused:
    """A folder that one job after another gets, as long as it stays empty.

    For a short job the work of a file system would cost more than the job itself.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._lock = -1

    def ready(self, name: str) -> Path | None:
        """The folder, made when it is missing; None where none can be made."""
        if self._folder is None or not self._folder.is_dir():
            self.remove()
            try:
                self._folder, self._lock = make(name)
            except OSError:
                return None
        return self._folder

    def clear(self) -> None:
        """After a job: what it has left there ends with it."""
        try:
            is_empty = self._folder is None or not os.listdir(self._folder)  # noqa: PTH208  # faster
        except OSError:
            is_empty = False
        if not is_empty:
            self.remove()

    def remove(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._lock)
            self._folder = None


def remove(run_id: str, sequence: int) -> None:
    """Remove the folder of a job whose executor could not do it itself."""
    try:
        _remove(Path(tempfile.gettempdir()) / tmp_name(run_id, sequence))
    except OSError:
        pass  # there is no folder for temporary files, so there is none of the job


def sweep(now: float) -> None:
    """Remove the folders of workers that were killed with their executors.

    Args:
        now: in seconds since the epoch.
    """
    try:
        found = list(Path(tempfile.gettempdir()).glob("gearmang-*"))
    except OSError:
        return  # said when a job asks for its folder
    for path in found:
        if _NAME.fullmatch(path.name) and _is_forgotten(path, now):
            _remove(path)


def _is_forgotten(folder: Path, now: float) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return now - os.fstat(lock).st_mtime > FORGOTTEN_AFTER
    except OSError:
        return False
    finally:
        os.close(lock)


def _remove(folder: Path) -> None:
    try:
        ours = folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.geteuid()
    except OSError:
        return
    if ours:
        shutil.rmtree(folder, ignore_errors=True)
