"""``gearmang ready``: what a probe of a container learns of a real worker."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.job.client import Client
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.process import Process, await_that, free_port

TARGET = "tests.integration.worker.behaviours:act"


def probe(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "gearmang", "ready", "--ready-file", path],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ready"


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the functions leave their notes."""
    kept = tmp_path / "notes"
    kept.touch()
    monkeypatch.setenv("NOTES", str(kept))
    return kept


@pytest.fixture
def worker(gearmand: Gearmand, tmp_path: Path, path: Path, notes: Path) -> Iterator[Process]:
    """Three slots, at a gearmand and at one that nobody has started."""
    words = ("work", TARGET, "--function", "act", "--processes", "3", "--ready-file", path)
    servers = ("--server", gearmand.address, "--server", f"127.0.0.1:{free_port()}")
    with Process([BIN / "gearmang", *words, *servers], tmp_path / "worker.log") as working:
        await_that(path.exists, "it is ready")
        yield working


def test_a_worker_is_ready_when_each_slot_is_at_each_server_that_answers(
    worker: Process, path: Path, gearmand: Gearmand
) -> None:
    done = probe(path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "act: 3 of 3 slots are registered\n"
    assert gearmand.functions()["act"][2] == 3


def test_it_is_not_when_no_server_answers(worker: Process, path: Path, gearmand: Gearmand) -> None:
    gearmand.kill()
    done = probe(path)
    assert done.returncode == 1
    assert "no server answers" in done.stderr


def test_it_is_no_longer_once_it_was_told_to_end_though_its_job_goes_on(
    worker: Process, path: Path, gearmand: Gearmand, notes: Path
) -> None:
    with Client([gearmand.address]) as client:
        client.submit("act", b"sleep 2")
        await_that(lambda: notes.read_text().startswith("started"), "the job is under way")
        worker.send(signal.SIGTERM)
        await_that(lambda: not path.exists(), "the file is gone")
        assert "slept" not in notes.read_text()
    done = probe(path)
    assert done.returncode == 1
    assert "has not started yet, or it ends" in done.stderr
    assert worker.wait(20) == 0
    assert "slept" in notes.read_text()
