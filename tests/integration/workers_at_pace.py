"""A function that takes as long as its payload says."""

import time

from gearmang.worker import Job


def take(job: Job) -> None:
    """Sleep for so many seconds."""
    time.sleep(float(job.raw))
