"""Many processes, one folder, an hour's change, forks in between: nothing lost, nothing torn."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from log_shipping import HourlyFileHandler, record
from log_shipping.configuration import settings
from log_shipping.files import HOUR
from tests.faults.log_shipping.conftest import in_child

PROCESSES = 8
RECORDS = 5_000  # by each process; tests/soak has 100,000
FORK_EVERY = 1_000


def run(folder: Path, records: int, change_after_s: float) -> None:
    """All processes write, their clock set so that the hour changes while they do."""
    shift = HOUR - time.time() % HOUR - change_after_s

    def clock() -> float:
        return time.time() + shift

    def task() -> None:
        settings.handler = HourlyFileHandler(folder, clock=clock)
        settings.decided = True
        for number in range(records):
            if number % FORK_EVERY == 0:
                assert in_child(child) == 0
            with record("resize", number=number):
                pass

    def child() -> None:
        with record("forked"):
            pass

    started = []
    for _ in range(PROCESSES):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                task()
                code = 0
            finally:
                os._exit(code)
        started.append(pid)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in started]
    assert codes == [0] * PROCESSES


def check(folder: Path, records: int) -> None:
    ids, forked = set(), 0
    for path in folder.glob("*.jsonl"):
        for line in path.open("rb"):
            found = json.loads(line)
            ids.add(found["event_id"])
            forked += found["type"] == "forked"
            assert "dropped" not in found
    assert len(list(folder.glob("*.jsonl"))) == 2
    assert forked == PROCESSES * -(-records // FORK_EVERY)
    assert len(ids) == PROCESSES * records + forked


def test_eight_processes_lose_and_tear_nothing_over_an_hours_change(folder: Path) -> None:
    run(folder, RECORDS, change_after_s=0.15)
    check(folder, RECORDS)
