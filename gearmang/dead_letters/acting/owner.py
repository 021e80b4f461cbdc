"""Which process carries a plan out, and whether it still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final

LEASE: Final = 60.0  # seconds without a sign of life, after which an owner elsewhere counts as dead
_START_FIELD: Final = 19  # of /proc/PID/stat, counted after the command's closing bracket


def this_process() -> str:
    """``HOST:PID+TICKS``: told apart from a later process with the same number."""
    return f"{socket.gethostname()}:{os.getpid()}+{_started(os.getpid())}"


def is_alive(owner: str, seen_at: float, now: float) -> bool:
    """Whether a plan's owner may still be at work.

    Args:
        owner: what `this_process` gave it.
        seen_at: when it last wrote to the store, in seconds since the epoch.
        now: the time here.
    """
    host, _, number = owner.rpartition(":")
    pid, _, started = number.partition("+")
    if host != socket.gethostname() or not pid.isdigit():
        return now - seen_at < LEASE
    return _started(int(pid)) == started


def _started(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    # A zombie has been killed already; it only waits for its parent.
    return None if fields[0] == "Z" else fields[_START_FIELD]
