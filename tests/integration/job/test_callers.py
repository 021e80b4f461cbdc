"""Callers of other makes who wait: each learns at once that its job failed, and why."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import Worker

CALLERS = Path(__file__).parent / "callers"
TARGET = "tests.integration.worker.behaviours:act"
AT_ONCE = 8.0  # seconds on a busy machine; a caller that hears nothing waits for 15
WHY = "ValueError: of no use"
COMMANDS = {
    "gearman": ("gearman", "-h", "127.0.0.1", "-f", "act", "-p"),
    "pygearman": (sys.executable, CALLERS / "call.py"),
    "PHP": ("php", CALLERS / "call.php"),
    "Perl": ("perl", CALLERS / "call.pl"),
    "Node": ("node", CALLERS / "call.js"),
}
ASKING = [("PHP", "exceptions"), ("Perl", "exceptions"), ("Node", "exceptions")]


@pytest.fixture
def worker(tmp_path: Path, gearmand: Gearmand) -> Iterator[Gearmand]:
    """A gearmand with a worker of ours that only answers."""
    working = Worker(tmp_path, gearmand, TARGET, "act", "--reply-only")
    working.start()
    yield gearmand
    working.stop()


def heard(make: str, mode: str, payload: str, gearmand: Gearmand) -> str:
    """All that a caller says of its job."""
    if make == "Node" and not (shutil.which("node") and (CALLERS / "node_modules").is_dir()):
        pytest.skip("there is no Node here, or npm could not fetch its client")
    words = [str(word) for word in COMMANDS[make]] + [str(gearmand.port)]
    words += [payload] if make == "gearman" else [mode, payload]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    if make == "gearman":
        return done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("make", "mode"), [*((make, "plain") for make in COMMANDS), *ASKING], ids=" ".join
)
def test_a_caller_learns_at_once_that_its_job_failed_and_why(
    make: str, mode: str, worker: Gearmand
) -> None:
    began = time.monotonic()
    told = heard(make, mode, "value_error of no use", worker)

    assert "failed" in told
    assert WHY in told
    assert time.monotonic() - began < AT_ONCE


@pytest.mark.parametrize(
    ("make", "mode"), [*((make, "plain") for make in COMMANDS), *ASKING], ids=" ".join
)
def test_a_caller_gets_the_result(make: str, mode: str, worker: Gearmand) -> None:
    assert "whole" in heard(make, mode, "parts", worker)
