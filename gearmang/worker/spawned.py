"""A command that runs: it leads a process group, and what is left of that ends with it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Final

GRACE: Final = 3.0  # seconds from SIGTERM to SIGKILL

_SPARE: Final = 200  # a number above those that a command gets


class Spawned:
    """A command.

    Args:
        path, words, environment: of the command.
        descriptors: which of ours becomes which of its own.

    Attributes:
        pid: also the number of its group.
        pidfd: readable when it has ended.
        status: how it ended, as `os.waitpid` gives it.

    Raises:
        OSError: it could not be started.
    """

    def __init__(
        self,
        path: str,
        words: Sequence[str],
        environment: Mapping[str, str],
        descriptors: Mapping[int, int],
    ) -> None:
        self.status = 0
        self._ended = False
        # Out of the way of the numbers below first; dup2 leaves them inheritable.
        spare = [
            (os.POSIX_SPAWN_DUP2, ours, _SPARE + number) for number, ours in enumerate(descriptors)
        ]
        placed = [
            (os.POSIX_SPAWN_DUP2, _SPARE + number, theirs)
            for number, theirs in enumerate(descriptors.values())
        ]
        closed = [(os.POSIX_SPAWN_CLOSE, _SPARE + number) for number in range(len(descriptors))]
        self.pid = os.posix_spawn(
            path,
            list(words),
            environment,
            file_actions=[*spare, *placed, *closed],
            setpgroup=0,
            setsigdef=[signal.SIGPIPE],
        )
        self.pidfd = os.pidfd_open(self.pid)

    def stop(self) -> None:
        """End it: it may clean up for a while."""
        if self._ended:
            return
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        look = select.poll()
        look.register(self.pidfd, select.POLLIN)
        while not look.poll(max(0.0, deadline - time.monotonic()) * 1000):
            if time.monotonic() >= deadline:
                self._signal(signal.SIGKILL)
                break
        self.reap()

    def reap(self) -> None:
        """Wait for its end, and end what is left of its group."""
        if not self._ended:
            self._ended = True
            # Its group's number is not given to another one before it is waited for.
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            self._signal(signal.SIGKILL)
            _, self.status = os.waitpid(self.pid, 0)

    def close(self) -> None:
        """Close what was opened for it."""
        os.close(self.pidfd)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.pid, number)
