"""Folders of jobs that nobody removed."""

import os
import tempfile
from pathlib import Path

import pytest

from gearmang.worker import scratch

DEAD = 4_000_000_000  # above any pid that Linux gives
RUN = "0123456789abcdef"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def made(folder: Path, name: str) -> Path:
    path = folder / name
    path.mkdir()
    (path / "file").touch()
    return path


def test_only_folders_of_dead_workers_are_swept(folder: Path) -> None:
    dead = made(folder, scratch.tmp_name(DEAD, RUN, 1))
    living = made(folder, scratch.tmp_name(os.getpid(), RUN, 1))
    strange = made(folder, f"gearmang-{DEAD}-of-somebody-else")
    (folder / scratch.tmp_name(DEAD, RUN, 2)).symlink_to(strange)

    scratch.sweep()

    assert not dead.exists()
    assert living.exists()
    assert (strange / "file").exists()


def test_a_jobs_folder_is_removed_by_its_name(folder: Path) -> None:
    path = made(folder, scratch.tmp_name(os.getpid(), RUN, 7))

    scratch.remove(os.getpid(), RUN, 7)
    scratch.remove(os.getpid(), RUN, 8)

    assert not path.exists()
