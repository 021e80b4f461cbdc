"""The temporary folders of jobs, known by their names to supervisor and executor."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"gearmang-(?P<supervisor>\d{1,10})-[0-9a-f]{16}-\d+", re.ASCII)


def tmp_name(supervisor: int, run_id: str, sequence: int) -> str:
    """The name of one job's folder; the run's random digits make it hard to guess."""
    return f"gearmang-{supervisor}-{run_id}-{sequence}"


def remove(supervisor: int, run_id: str, sequence: int) -> None:
    """Remove the folder of a job whose executor could not do it itself."""
    _remove(Path(tempfile.gettempdir()) / tmp_name(supervisor, run_id, sequence))


def sweep() -> None:
    """Remove the folders of workers that were killed with their executors."""
    for path in Path(tempfile.gettempdir()).glob("gearmang-*"):
        match = _NAME.fullmatch(path.name)
        if match and not Path(f"/proc/{match['supervisor']}").exists():
            _remove(path)


def _remove(folder: Path) -> None:
    try:
        ours = folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.geteuid()
    except OSError:
        return
    if ours:
        shutil.rmtree(folder, ignore_errors=True)
