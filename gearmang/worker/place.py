"""Where an executor runs: its signals, output and OOM score; its relatives; its revision."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import subprocess
import time
from pathlib import Path
from types import FrameType
from typing import Final

OOM_SCORE: Final = 500  # of 1000: under memory pressure the kernel takes executors first


def forget_signals() -> None:
    """Give up what the supervisor had arranged for its own signals."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGCONT, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    # Not the default: log_shipping would put a handler there that writes the record which the
    # supervisor writes of a killed attempt.
    signal.signal(signal.SIGTERM, _die)


def take(output: int, stack: int) -> None:
    """Become the leader of a process group whose output and last stack the supervisor reads."""
    os.setpgid(0, 0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    faulthandler.enable(stack)
    faulthandler.register(signal.SIGUSR2, stack)
    try:
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    except OSError:
        pass  # a container may forbid it


def _die(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


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


GIT_TIMEOUT = 2.0  # seconds


def revision() -> str | None:
    """``$GEARMANG_REVISION``, else what git says of the current folder, else None."""
    given = os.environ.get("GEARMANG_REVISION")
    if given:
        return given[:200]
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            capture_output=True,
            timeout=GIT_TIMEOUT,
            check=True,
            text=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return told.stdout.strip() or None
