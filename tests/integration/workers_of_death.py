"""Functions that the pipeline's tests run: one that works and one that kills its process."""

import ctypes

from gearmang.worker import Job


def resize(job: Job) -> str:
    """Answer what came, and segfault on the payload ``death``."""
    if job.raw == b"death":
        ctypes.string_at(0)
    return "resized"
