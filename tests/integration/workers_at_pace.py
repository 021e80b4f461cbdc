"""Functions that take as long as their payload says, and that say when they were started."""

import os
import time
from pathlib import Path

from gearmang.worker import Job

FAILS = 7  # each job of a multiple of it fails at its first attempt
PACE = 0.02  # seconds of a job


def take(job: Job) -> None:
    """Sleep for so many seconds."""
    time.sleep(float(job.raw))


def note(job: Job) -> None:
    """Write down when the job was started, and how it ended."""
    number = int(job.raw)
    fails = job.attempt == 1 and number % FAILS == 0
    _write("started", number)
    time.sleep(PACE)
    _write("failed" if fails else "done", number)
    if fails:
        raise RuntimeError("the first time it fails")


def _write(what: str, number: int) -> None:
    with Path(os.environ["DIARY"]).open("a") as diary:
        diary.write(f"{what} {number} {time.time():.3f}\n")
