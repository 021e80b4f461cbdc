"""What the jobs of a chaos run do: each by the first word of its payload, noted when it is done."""

from __future__ import annotations

import ctypes
import os
import time

from gearmang import Reject, Retry
from gearmang.worker import Job
from tests.integration.job.mixed_worker import note

# Of 20 jobs; those of life are the most.
KINDS = (
    *(["good"] * 10),
    *("raise", "reject", "segfault", "kill", "hang", "exit", "retry", "leak", "fork", "once"),
)
LEAK = 30_000_000  # bytes that a leaking job never gives back

_leaked: list[bytes] = []


def take(job: Job) -> str:
    """Do what the payload says."""
    kind = job.raw.split(b" ", 1)[0].decode()
    note("started", job.raw)
    note("attempts", b"%s %d %s" % (job.id.encode(), job.attempt, kind.encode()))
    if kind == "raise" or (kind == "once" and job.attempt == 1):
        raise ValueError("not this time")
    if kind == "reject":
        raise Reject("of no use")
    if kind == "segfault":
        ctypes.string_at(0)
    if kind == "kill":
        os.kill(os.getpid(), 9)
    if kind == "exit":
        os._exit(3)
    if kind == "hang":
        time.sleep(3600)
    if kind == "retry" and job.attempt == 1:
        raise Retry("later", after=1.0)
    if kind == "leak":
        job.tmp.joinpath("left").write_bytes(bytes(100_000))
        _leaked.append(b"x" * LEAK)
    if kind == "fork" and os.fork() == 0:
        os.setsid()
        time.sleep(0.2)
        os._exit(0)
    time.sleep(0.01)
    note("done", job.raw)
    return "ok"
