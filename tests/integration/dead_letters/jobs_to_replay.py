"""Code that dead jobs are replayed with."""

import os
import signal

from gearmang import Job


def resize(job: Job) -> object:
    """Does what its payload says."""
    if job.data == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if job.data == "fail":
        raise ValueError("bad size")
    return {"done": job.data}
