"""On a machine that is busy with other things no check is later than its timeout and a second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.daemons.gearmand import Gearmand
from tests.integration.nagios_checks.plugin import check

BUSY = 8  # processes that do nothing else
TIMEOUT = 1.0  # seconds
LATEST = TIMEOUT + 1.0
MORE_TURNS = 3  # of the processor that a check needs at its end, where a sleep needs one
TRIES = 6  # beside other tests a machine may stand still for longer than all this takes
RECORDS = 60_000  # more than can be read in that time


@pytest.fixture(scope="module")
def load() -> Iterator[None]:
    """Eight processes that take all the time they get."""
    with ExitStack() as stack:
        for _ in range(BUSY):
            one = subprocess.Popen([sys.executable, "-IS", "-c", "while True: pass"])
            stack.callback(one.wait)
            stack.callback(one.kill)
        yield


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What keeps a check waiting: a frozen gearmand, a pipe, a heap of lines."""
    folder = tmp_path_factory.mktemp("late")
    os.mkfifo(folder / "pipe.jsonl")
    heap = folder / "heap"
    heap.mkdir()
    record = {"task": "f", "outcome": "success", "duration_ms": 1, "queue_ms": 1}
    with (heap / "tasks.jsonl").open("w") as file:
        for number in range(RECORDS):
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            record |= {"ts": now, "event_id": f"{number:032x}", "id": f"{number:032x}"}
            file.write(json.dumps(record) + "\n")

    with Gearmand(folder) as frozen:
        frozen.pause()
        config = folder / "checks.toml"
        config.write_text(
            f'[[service]]\nnagios_host = "h"\ndescription = "d"\ncheck = "queues"\n'
            f'hostname = ["{frozen.address}"]\n'
        )
        yield {
            "frozen": frozen.address,
            "pipe": str(folder / "pipe.jsonl"),
            "heap": str(heap),
            "state": str(folder / "state.json"),
            "config": str(config),
        }


def how_late() -> float:
    """Seconds by which this machine is late with what does nothing but sleep as long."""
    begun = time.monotonic()
    subprocess.run(["sleep", str(TIMEOUT)], check=True)
    return time.monotonic() - begun - TIMEOUT


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("queues", "-H {frozen}"),
        ("flow", "-H {frozen} --state {state}"),
        ("workers", "-H {frozen}"),
        ("uptime", "-H {frozen}"),
        ("server", "-H {frozen}"),
        ("roundtrip", "-H {frozen}"),
        ("dead_letters", "--store {pipe}"),
        ("tasks", "--records {pipe}"),
        ("tasks", "--records {heap}"),
        ("tasks", "--records {heap} --slo 99.5"),
        ("all", "--config {config}"),
    ],
)
def test_no_check_is_later_than_its_timeout_and_a_second(
    load: None, places: dict[str, str], name: str, options: str
) -> None:
    over = []
    for _ in range(TRIES):
        with ThreadPoolExecutor(1) as beside:
            lateness = beside.submit(how_late)
            run = check(name, *options.format_map(places).split(), "-t", TIMEOUT)
        assert run.state in {"CRITICAL", "OK"}, run
        over.append(run.seconds - LATEST - MORE_TURNS * lateness.result())
        if over[-1] <= 0:
            return
    raise AssertionError(f"later than {LATEST} s by {over}, beyond what the machine is")
