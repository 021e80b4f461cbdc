"""When a worker stops taking jobs, when it cuts one off, and with which exit code it ends."""

from __future__ import annotations

import random
import signal
from typing import Final, Literal

EXIT_DONE: Final = 0  # the lifetime or a signal ended it between jobs
EXIT_GRACE: Final = 75  # EX_TEMPFAIL: a running job was cut off and given back

SPLAY: Final = 0.1  # of the lifetime, so that a fleet does not restart at once
SETTLE_TIMEOUT: Final = 5.0  # seconds at the end for a copy that was submitted

STOPS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # end it between jobs

Step = Literal["go on", "cut off", "exit"]


class Lifecycle:
    """The state of one worker; the caller passes the time, in seconds of one clock.

    Args:
        lifetime: seconds to live, give or take a tenth; 0: for ever.
        grace: seconds that a running job has after SIGTERM.

    Attributes:
        stopping: no more jobs are taken; the worker ends.
        quiet: no more jobs are taken until SIGCONT.
        exit_code: that the worker ends with.
    """

    def __init__(self, lifetime: float, grace: float, now: float) -> None:
        self.stopping = False
        self.quiet = False
        self.exit_code = EXIT_DONE
        self._grace = grace
        splay = 1 + random.uniform(-SPLAY, SPLAY)  # noqa: S311  # spreads restarts, hides nothing
        self._ends_at = now + lifetime * splay if lifetime else float("inf")
        self._cut_at = float("inf")
        self._settle_at = float("inf")
        self._at_once = self._was_signalled = False

    def signalled(self, number: signal.Signals, now: float) -> None:
        """Take notice of SIGTERM, SIGINT, SIGHUP, SIGTSTP or SIGCONT; of no other."""
        if number == signal.SIGTSTP:
            self.quiet = True
        elif number == signal.SIGCONT:
            self.quiet = False
        elif number not in STOPS:
            pass
        elif self._was_signalled:
            self.end_now()
        else:
            self._was_signalled = True
            self.stop(now)

    def drain(self) -> None:
        """End when there is no job at hand, however long that takes."""
        self.stopping = True

    def stop(self, now: float) -> None:
        """End between jobs, within the grace; said twice it is the same."""
        self.stopping = True
        self._cut_at = min(self._cut_at, now + self._grace)

    def end_now(self) -> None:
        """End at once; a running job is given back."""
        self.stopping = self._at_once = True

    def step(self, now: float, *, busy: bool, unsettled: bool) -> Step:
        """What to do now.

        Args:
            busy: a job is running.
            unsettled: a copy was submitted and gearmand has not said yet that it has it.
        """
        if now >= self._ends_at:
            self.stopping = True
        if not self.stopping:
            return "go on"
        if self._at_once:
            self.exit_code = EXIT_GRACE if busy else self.exit_code
            return "exit"
        if busy:
            if now < self._cut_at:
                return "go on"
            self.exit_code = EXIT_GRACE
            return "cut off"
        self._settle_at = min(self._settle_at, now + SETTLE_TIMEOUT)
        return "go on" if unsettled and now < self._settle_at else "exit"

    def next_step(self) -> float:
        """When `step` may have something to do without anything else happening."""
        if not self.stopping:
            return self._ends_at
        return min(self._cut_at, self._settle_at)
