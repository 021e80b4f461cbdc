"""Of each attempt there is a record, or a count of those that could not be written."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from gearmang.job.client import Client
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.integration.worker.conftest import Letters, StartWorker

ACT = "tests.integration.worker.behaviours:act"


def written(records: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in records.iterdir() for line in path.open()]


def test_records_that_could_not_be_written_are_counted_over_replaced_and_killed_executors(
    gearmand: Gearmand, start: StartWorker, client: Client, letters: Letters, tmp_path: Path
) -> None:
    records = tmp_path / "records"
    records.mkdir()
    start(ACT, "--attempts", "1", "--max-jobs", "3", "--records", str(records), function="act")
    records.rmdir()
    records.touch()  # nothing can be written there
    kinds = (b"pid", b"value_error x", b"pid", b"crash", b"pid")
    client.submit_many(("act", kinds[number % 5]) for number in range(40))
    await_that(lambda: gearmand.functions()["act"][0] == 0, "all are done", 60)
    records.unlink()
    client.submit_many(("act", b"pid") for _ in range(8))
    await_that(lambda: gearmand.functions()["act"][0] == 0, "all are done")

    assert sum(1 + record.get("dropped", 0) for record in written(records)) == 48


@pytest.mark.parametrize("slots", ["1", "2"])
def test_a_worker_that_ends_says_how_many_records_it_could_not_write(
    slots: str, gearmand: Gearmand, start: StartWorker, client: Client, tmp_path: Path
) -> None:
    records = tmp_path / "records"
    options = ("--records", str(records), "--processes", slots, "--max-jobs", "3")
    worker = start(ACT, *options, function="act")
    records.mkdir(exist_ok=True)
    for path in records.iterdir():
        path.unlink()
    records.rmdir()
    records.touch()  # nothing can be written there
    client.submit_many(("act", b"pid") for _ in range(20))
    await_that(lambda: gearmand.functions()["act"][0] == 0, "all are done")
    records.unlink()

    worker.stop()

    assert sum(record.get("dropped", 0) for record in written(records)) == 20


def test_a_job_that_a_second_sigterm_cuts_off_has_a_record(
    start: StartWorker, client: Client, notes: Path, tmp_path: Path
) -> None:
    records = tmp_path / "records"
    worker = start(ACT, "--records", str(records), function="act")
    client.submit("act", b"sleep 60")
    await_that(lambda: "started" in notes.read_text(), "the job runs")

    worker.send(signal.SIGTERM)
    await_that(lambda: "SIGTERM" in worker.output(), "the first was heard")
    worker.send(signal.SIGTERM)
    worker.wait()

    assert [record["outcome"] for record in written(records)] == ["unknown"]
