"""The whole pipeline: a job of death between good jobs, submitted by a client in C."""

import subprocess
from pathlib import Path

from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import Collector, Worker, gearmang_json
from tests.daemons.process import await_that

TARGET = "tests.integration.workers_of_death:resize"


def submit(gearmand: Gearmand, payload: str) -> None:
    """Queue a background job as any user of libgearman does."""
    port = str(gearmand.port)
    command = ["gearman", "-h", "127.0.0.1", "-p", port, "-b", "-f", "resize", payload]
    subprocess.run(command, check=True, timeout=10)


def test_a_job_that_segfaults_is_a_dead_letter_and_all_others_are_done(
    persistent_gearmand: Gearmand, tmp_path: Path
) -> None:
    gearmand, store = persistent_gearmand, tmp_path / "dead_letters.db"
    with (
        Collector(tmp_path, gearmand, store),
        Worker(tmp_path, gearmand, TARGET, "resize") as worker,
    ):
        supervisor = worker.pid
        for number in range(10):
            submit(gearmand, "death" if number == 3 else f"job {number}")
        listing = ("dead", "list", "--store", store)
        await_that(lambda: len(gearmang_json(*listing)) == 1, "one dead letter is listed")
        await_that(lambda: gearmand.functions()["resize"][0] == 0, "the queue is empty")

        letter = gearmang_json(
            "dead", "show", gearmang_json(*listing)[0]["job_id"], "--store", store
        )

        assert worker.is_running()
        assert worker.pid == supervisor
        assert letter["function"] == "resize"
        assert letter["attempts"] == 3
        assert {attempt["error_type"] for attempt in letter["history"]} == {"SIGSEGV"}
