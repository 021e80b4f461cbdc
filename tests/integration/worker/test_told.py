"""What a worker tells: its lines, the lines of jobs, figures; and how it takes new code at once."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from gearmang.job.client import Client
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import Worker
from tests.daemons.process import await_that, free_port
from tests.integration.worker.conftest import Caller, StartWorker

CODE = """
import logging, os, random
logging.basicConfig(level=logging.INFO, format="MINE %(name)s %(message)s")
log = logging.getLogger("images")
def run(job):
    if job.raw == b"die":
        os.abort()
    log.info("resizing %d%%", 50)
    return job.id.encode()
def dice(job):
    import numpy
    return f"{random.random()} {numpy.random.random()}".encode()
VERSION = b"1"
def version(job):
    return VERSION
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "images.py"
    path.write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return path


def test_the_logging_of_a_module_works_and_each_line_of_a_job_carries_its_id(
    code: Path, start: StartWorker, caller: Caller
) -> None:
    worker = start("images:run", function="f")
    job_id = caller.call("f", b"x")[-1][1].decode()

    line = f"MINE images job {job_id}: resizing 50%"
    await_that(lambda: line in worker.output().splitlines(), "the line is there")
    assert "MINE gearmang" not in worker.output()


def test_success_is_told_with_its_time_where_that_is_wanted(
    code: Path, start: StartWorker, caller: Caller
) -> None:
    worker = start("images:run", "-v", function="f")
    job_id = caller.call("f", b"x")[-1][1].decode()

    await_that(lambda: f"INFO job {job_id}: done in 0." in worker.output(), "it is told")


def test_lines_of_json_can_be_read_each(code: Path, start: StartWorker, client: Client) -> None:
    worker = start("images:run", "--log-format", "json", "--attempts", "1", function="f")
    client.submit("f", b"die")
    await_that(lambda: "a dead letter now" in worker.output(), "the death is told")
    worker.stop()

    told = [json.loads(line) for line in worker.output().splitlines() if line.startswith("{")]
    assert {"time", "level", "logger", "pid", "message"} <= told[0].keys()
    (death,) = [one for one in told if "a dead letter now" in one["message"]]
    assert (death["level"], death["pid"]) == ("WARNING", worker.pid)


def test_random_numbers_differ_in_each_executor(
    code: Path, start: StartWorker, caller: Caller
) -> None:
    pytest.importorskip("numpy")
    start("images:dice", "--max-jobs", "1", function="f")

    drawn = [caller.call("f", b"")[-1][1].split() for _ in range(4)]

    assert len({one for one, _ in drawn}) == 4
    assert len({other for _, other in drawn}) == 4


def test_figures_are_served_for_prometheus(
    code: Path, start: StartWorker, client: Client, caller: Caller
) -> None:
    port = free_port()
    options = ("--metrics", f"127.0.0.1:{port}", "--processes", "3", "--attempts", "1")
    worker = start("images:run", *options, function="f")
    client.submit("f", b"die")
    await_that(lambda: "a dead letter now" in worker.output(), "one has died")
    caller.call("f", b"x")

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()

    assert 'gearmang_worker_done_total{function="f"} 1\n' in text
    assert 'gearmang_worker_failed_total{function="f"} 1\n' in text
    assert 'gearmang_worker_deaths_total{function="f"} 1\n' in text
    assert 'gearmang_worker_slots{function="f"} 3\n' in text


class Developing(Worker):
    """A worker whose supervisor is a child of the process that we start."""

    def _is_registered(self) -> bool:
        self.require_running()
        return self.gearmand.functions().get(self.function, (0, 0, 0))[2] > 0


def test_in_development_changed_code_is_taken_at_once_and_broken_code_is_not(
    code: Path, tmp_path: Path, gearmand: Gearmand, caller: Caller
) -> None:
    with Developing(tmp_path, gearmand, "images:version", "f", "--reload") as worker:
        assert caller.call("f", b"")[-1][1] == b"1"

        code.write_text("def version(:")
        await_that(lambda: "the old one goes on" in worker.output(), "it is told")
        assert caller.call("f", b"")[-1][1] == b"1"
        code.write_text(CODE.replace('b"1"', 'b"number two"'))

        await_that(lambda: caller.call("f", b"")[-1][1] == b"number two", "the new code works")
