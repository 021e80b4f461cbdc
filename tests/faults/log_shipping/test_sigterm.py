"""SIGTERM: the records that are open are written, and the process dies of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.daemons.process import Process, await_that
from tests.unit.log_shipping.conftest import VALIDATOR

ROOT = Path(__file__).parents[3]

OPEN = """
import sys, threading, time, log_shipping
{before}
log_shipping.configure(path=sys.argv[1])
def other():
    with log_shipping.record("thread"):
        time.sleep(60)
threading.Thread(target=other, daemon=True).start()
with log_shipping.record("resize") as r, log_shipping.record(".db"):
    log_shipping.set("rows", 3)
    print("ready", flush=True)
    time.sleep(60)
"""


def run(folder: Path, before: str = "") -> tuple[int, list[dict[str, Any]]]:
    code = OPEN.format(before=before)
    process = Process([sys.executable, "-c", code, folder], folder.with_suffix(".log"))
    process.environment = {"PYTHONPATH": str(ROOT)}
    with process:
        await_that(lambda: "ready" in process.output(), "the block is open")
        process.send(signal.SIGTERM)
        status = process.wait()
    found = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.open()]
    for one in found:
        VALIDATOR.validate(one)
    return status, found


def test_open_records_are_written_and_the_process_dies_of_the_signal(folder: Path) -> None:
    status, found = run(folder)
    assert status == -signal.SIGTERM
    assert {one["type"] for one in found} == {"resize", "resize.db", "thread"}
    assert {(one["outcome"], one["error_type"]) for one in found} == {("unknown", "SIGTERM")}


def test_a_handler_of_the_programs_own_is_left_in_place(folder: Path) -> None:
    status, found = run(
        folder, "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))"
    )
    assert status == 7
    told = {(one["outcome"], one["error_type"]) for one in found if one["task"] == "resize"}
    assert told == {("failure", "SIGTERM")}


def test_a_handler_of_the_programs_own_that_exits_well_makes_no_success(folder: Path) -> None:
    status, found = run(
        folder, "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))"
    )
    assert status == 0
    told = {(one["outcome"], one["error_type"]) for one in found if one["task"] == "resize"}
    assert told == {("unknown", "SIGTERM")}


@pytest.mark.parametrize("how", ["sys.exit(3)", "raise SystemExit(3)"])
def test_sys_exit_inside_a_block_is_recorded(folder: Path, how: str) -> None:
    code = (
        "import sys, log_shipping\nlog_shipping.configure(path=sys.argv[1])\n"
        f"with log_shipping.record('resize'): {how}"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, check=False)
    assert ended.returncode == 3
    (found,) = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.open()]
    assert (found["outcome"], found["error_message"]) == ("failure", "3")
