"""Work from several servers, through their deaths, their frosts and their refusals."""

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from gearmang.job.client import Client
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.integration.worker.conftest import Letters, StartWorker

ACT = "tests.integration.worker.behaviours:act"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Gearmand]:
    """A second gearmand."""
    with Gearmand(tmp_path) as daemon:
        yield daemon


def test_jobs_are_taken_from_all_servers_in_turn(
    gearmand: Gearmand, other: Gearmand, start: StartWorker, notes: Path
) -> None:
    worker = start(ACT, "--server", other.address, function="act")
    await_that(lambda: other.functions().get("act", (0, 0, 0))[2] == 1, "both have the worker")
    worker.send(signal.SIGTSTP)
    await_that(lambda: "SIGTSTP" in worker.output(), "the signal was heard")
    for server, letter in ((gearmand, "a"), (other, "b")):
        with Client([server.address]) as client:
            client.submit_many(("act", f"note {letter}".encode()) for _ in range(5))
    worker.send(signal.SIGCONT)

    await_that(lambda: len(notes.read_text()) == 20, "all are done")

    assert sorted(notes.read_text().split()) == ["a"] * 5 + ["b"] * 5
    assert "a\na\na\na\na" not in notes.read_text()


def test_a_frozen_server_does_not_stop_work_from_the_others(
    gearmand: Gearmand, other: Gearmand, start: StartWorker, notes: Path
) -> None:
    start(ACT, "--server", other.address, function="act")
    with Client([gearmand.address]) as client:
        client.submit_many(("act", b"note before") for _ in range(20))
    await_that(lambda: "before" in notes.read_text(), "it works")
    gearmand.pause()
    began = time.monotonic()
    with Client([other.address]) as client:
        client.submit_many(("act", b"note after") for _ in range(20))

    await_that(lambda: notes.read_text().count("after") == 20, "the other's jobs are done", 5)

    assert time.monotonic() - began < 3
    gearmand.resume()
    await_that(lambda: notes.read_text().count("before") == 20, "the thawed one's jobs are done")


def test_a_server_that_was_frozen_from_the_start_does_not_stop_the_others(
    gearmand: Gearmand, other: Gearmand, start: StartWorker, notes: Path
) -> None:
    other.pause()
    start(ACT, "--server", other.address, function="act")

    with Client([gearmand.address]) as client:
        client.submit_many(("act", b"note done") for _ in range(5))

    await_that(lambda: notes.read_text().count("done") == 5, "the jobs are done", 5)


def test_a_server_that_comes_back_is_used_within_5_seconds(
    gearmand: Gearmand, start: StartWorker, notes: Path
) -> None:
    start(ACT, function="act")
    gearmand.kill()
    time.sleep(8)  # long enough for the longest pause between two tries
    gearmand.start()
    came_back = time.monotonic()
    with Client([gearmand.address]) as client:
        client.submit("act", b"note done")

    await_that(lambda: notes.read_text() == "done\n", "the job is done")

    assert time.monotonic() - came_back < 5


def test_nothing_is_lost_when_gearmand_dies_while_a_job_runs(
    persistent_gearmand: Gearmand, start: StartWorker, notes: Path
) -> None:
    start(ACT, function="act", gearmand=persistent_gearmand)
    with Client([persistent_gearmand.address]) as client:
        client.submit("act", b"sleep 1")
        await_that(lambda: "started" in notes.read_text(), "the job runs")
        persistent_gearmand.kill()
        persistent_gearmand.start()

    # gearmand gives the job out again: what it did not see completed, it runs once more.
    await_that(lambda: notes.read_text() == "started\nslept\n" * 2, "the job ran again")
    await_that(lambda: persistent_gearmand.functions()["act"][0] == 0, "and is done")


def test_a_copy_that_gearmand_refuses_waits_in_the_spool_and_is_queued_later(
    gearmand: Gearmand, letters: Letters, start: StartWorker, notes: Path, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    start(ACT, "--spool", str(spool), "--attempts", "2", function="act")
    with Client([gearmand.address]) as client:
        job_id = client.submit("act", b"sleep_and_fail").job_id
        await_that(lambda: "started" in notes.read_text(), "the job runs")
        gearmand.ask("maxqueue act 1")
        await_that(lambda: list(spool.glob("*.job")), "the copy is in the spool")
        assert (next(iter(spool.glob("*.job"))).stat().st_mode & 0o777) == 0o640
        gearmand.ask("maxqueue act 0")

    letter = letters.next()

    assert letter.job_id == job_id
    assert len(letter.history) == 2
    assert not list(spool.glob("*.job"))


def test_a_refused_copy_without_a_spool_leaves_the_job_with_gearmand(
    gearmand: Gearmand, start: StartWorker, notes: Path
) -> None:
    worker = start(ACT, function="act")
    with Client([gearmand.address]) as client:
        client.submit("act", b"sleep_and_fail")
        await_that(lambda: "started" in notes.read_text(), "the job runs")
        gearmand.ask("maxqueue act 1")

        await_that(lambda: "it keeps the job" in worker.output(), "the worker says so")

    assert gearmand.functions()["act"][0] == 1


def test_an_executor_and_its_job_die_with_their_supervisor(
    gearmand: Gearmand, start: StartWorker, notes: Path
) -> None:
    worker = start(ACT, function="act")
    with Client([gearmand.address]) as client:
        client.submit("act", b"sleep 60")
    await_that(lambda: "started" in notes.read_text(), "the job runs")
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()

    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()

    for child in children:
        await_that(partial(_is_gone, child), "the executor is gone", 5)
    await_that(lambda: gearmand.functions()["act"] == (1, 0, 0), "the job is queued again")


def test_a_worker_outlives_the_process_that_loads_its_code(
    gearmand: Gearmand, start: StartWorker, notes: Path
) -> None:
    worker = start(ACT, "--max-jobs", "1", function="act")
    nursery = min(
        map(int, Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split())
    )
    with Client([gearmand.address]) as client:
        client.submit_many([("act", b"sleep 0.5"), ("act", b"note next")])
        await_that(lambda: "started" in notes.read_text(), "the job runs")
        os.kill(nursery, signal.SIGKILL)

        await_that(lambda: notes.read_text() == "started\nslept\nnext\n", "both are done")
    assert worker.is_running()


def _is_gone(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
