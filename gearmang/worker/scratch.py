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
