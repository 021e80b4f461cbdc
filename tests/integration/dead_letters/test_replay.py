"""A dead job run again without gearmand, in a process that may die of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gearmang.dead_letters.store.seam import Store
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import dead_job, put

WORKER = "tests.integration.dead_letters.jobs_to_replay:resize"


def replayed(gearmang: Gearmang, tmp_path: Path, *options: str) -> tuple[int | None, str]:
    log = tmp_path / "replay.log"
    process = gearmang.start("dead", "replay", "--worker", WORKER, *options, log=log)
    return process.wait(30), log.read_text()


@pytest.mark.parametrize(
    ("payload", "code", "told"),
    [
        (b'"well"', 0, 'it succeeded: {"done":"well"}'),
        (b'"fail"', 1, "ValueError: bad size"),
        (b'"segfault"', 1, "SIGSEGV"),
    ],
)
def test_a_dead_job_runs_here_and_stays_dead(
    store: Store, gearmang: Gearmang, tmp_path: Path, payload: bytes, code: int, told: str
) -> None:
    job = dead_job(payload)
    put(store, job)
    ended, output = replayed(gearmang, tmp_path, job.job_id)
    assert ended == code, output
    assert told in output
    assert len(gearmang.json("list")) == 1


def test_code_that_cannot_be_loaded_is_one_line(
    store: Store, gearmang: Gearmang, tmp_path: Path
) -> None:
    job = dead_job()
    put(store, job)
    log = tmp_path / "log"
    process = gearmang.start("dead", "replay", job.job_id, "--worker", "nowhere:f", log=log)
    assert process.wait(30) == 1
    assert "Traceback" not in log.read_text()


def test_a_dead_job_becomes_a_test_that_fails_until_it_is_mended(
    store: Store, gearmang: Gearmang, tmp_path: Path
) -> None:
    bad = dead_job(b'"fail"', job_id="ab" * 16)
    good = dead_job(b'"\\"\\"\\" # hostile \\n"', job_id="cd" * 16)
    put(store, bad, good)
    for job in (bad, good):
        test = tmp_path / f"test_{job.job_id[:2]}.py"
        gearmang.dead("replay", job.job_id, "--worker", WORKER, "--pytest", test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header"]
    ran = subprocess.run(
        [*command, *sorted(tmp_path.glob("test_*.py"))],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "1 failed, 1 passed" in ran.stdout, ran.stdout
    assert "bad size" in ran.stdout
