"""Parents and children by prctl(2): who dies with whom, who adopts whom."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER: Final = 36

ROUNDS: Final = 10
PAUSE: Final = 0.001  # seconds between two rounds of killing

_libc: Final = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int, number: signal.Signals) -> None:
    """Get a signal when the parent dies; exit at once when it is dead already."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, so that they can be ended."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> set[int]:
    """The processes whose parent this thread's process is now."""
    try:
        return {
            int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        }
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return set()


def kill_children_except(known: set[int]) -> None:
    """End what jobs have left behind, in whatever session it is."""
    for _ in range(ROUNDS):  # a killed parent's children become ours in turn
        orphans = children() - known
        if not orphans:
            return
        for pid in orphans:
            with contextlib.suppress(OSError):  # it has just ended
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
        time.sleep(PAUSE)
