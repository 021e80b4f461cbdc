"""What a function may raise to say what shall become of its job."""

from __future__ import annotations


class Reject(Exception):
    """Trying again will not help: the job goes to the dead letters at once."""


class Retry(Exception):
    """Not now: the job shall be tried again; it counts as an attempt.

    Args:
        reason: why, for the dossier.
        after: not before so many seconds from now; None leaves it to the worker's backoff.
    """

    def __init__(self, reason: str = "", *, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class TimeLimitExceeded(Exception):
    """The worker's time limit for a job has passed; raised in the function, which may clean up.

    Five seconds later the executor is killed, with all the processes that it started.
    """
