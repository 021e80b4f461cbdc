"""Folders of jobs that nobody removed."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from gearmang.worker import scratch

RUN = "0123456789abcdef"
LATER = time.time() + 10 * scratch.FORGOTTEN_AFTER  # of a run of tests, too


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def made(folder: Path, name: str) -> Path:
    path = folder / name
    path.mkdir()
    (path / "file").touch()
    return path


def test_only_folders_whose_lock_nobody_holds_are_swept(folder: Path) -> None:
    dead = made(folder, scratch.tmp_name(RUN, 1))
    living, lock = scratch.make(scratch.tmp_name(RUN, 2))
    strange = made(folder, "gearmang-of-somebody-else")
    (folder / scratch.tmp_name(RUN, 3)).symlink_to(strange)

    scratch.sweep(LATER)
    os.close(lock)

    assert not dead.exists()
    assert living.exists()
    assert (strange / "file").exists()


def test_a_folder_that_was_made_just_now_may_not_have_its_lock_yet(folder: Path) -> None:
    young = made(folder, scratch.tmp_name(RUN, 1))

    scratch.sweep(time.time())

    assert young.exists()


def test_a_jobs_folder_is_removed_by_its_name(folder: Path) -> None:
    path = made(folder, scratch.tmp_name(RUN, 7))

    scratch.remove(RUN, 7)
    scratch.remove(RUN, 8)

    assert not path.exists()


def test_without_a_folder_for_temporary_files_there_is_nothing_to_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: (_ for _ in ()).throw(OSError("read-only")))

    scratch.sweep(LATER)
    scratch.remove(RUN, 1)


def test_a_reused_folder_stays_while_it_is_empty_and_goes_with_what_was_left_in_it() -> None:
    reused = scratch.Reused()
    first = reused.ready(scratch.tmp_name(RUN, 1))
    reused.clear()
    assert first is not None
    assert reused.ready(scratch.tmp_name(RUN, 2)) == first

    (first / "file").touch()
    reused.clear()

    assert not first.exists()
    assert reused.ready(scratch.tmp_name(RUN, 3)) != first
    reused.remove()


def test_where_no_folder_can_be_made_a_job_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/none")

    assert scratch.Reused().ready(scratch.tmp_name(RUN, 1)) is None
