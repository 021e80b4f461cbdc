"""The process around an executor: its signals, its group, its output, its place in line for OOM."""

from __future__ import annotations

import faulthandler
import os
import signal
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
