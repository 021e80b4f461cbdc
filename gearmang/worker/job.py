"""What a function gets, what it may say while it runs, and what it may raise to decide."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from gearmang.errors import BadEnvelope
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from gearmang.worker import frames, scratch

if TYPE_CHECKING:
    from log_shipping import Record
    from log_shipping.silent import SilentRecord


class Job:
    """One attempt of one job.

    Attributes:
        function: the name that it was queued under.
        handle: gearmand's name for it.
        unique: the key that it was queued with.
        record: the attempt's record; ``job.record.set("image.bytes", n)``.
    """

    __slots__ = (
        "_data",
        "_decoded",
        "_envelope",
        "_say",
        "_tmp",
        "_tmp_lock",
        "function",
        "handle",
        "record",
        "tmp_name",
        "unique",
    )  # fmt: skip

    def __init__(
        self,
        envelope: Envelope,
        *,
        function: str,
        handle: str,
        unique: str,
        record: Record | SilentRecord,
        say: Callable[[int, bytes], None],
        tmp_name: str,
    ) -> None:
        self._envelope = envelope
        self._decoded = False
        self._data: Any = None
        self._say = say
        self._tmp: Path | None = None
        self.function = function
        self.handle = handle
        self.unique = unique
        self.record = record
        self.tmp_name = tmp_name

    @property
    def raw(self) -> bytes:
        """The payload, byte for byte as it was submitted."""
        return self._envelope.payload

    @property
    def data(self) -> Any:
        """The payload decoded from JSON; the bytes themselves where they are none."""
        if not self._decoded:
            try:
                self._data = orjson.loads(self._envelope.payload)
            except ValueError:
                self._data = self._envelope.payload
            self._decoded = True
        return self._data

    @property
    def id(self) -> str:
        """32 hexadecimal digits, the same from first submission to last death."""
        return self._envelope.job_id

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self._envelope.attempt

    @property
    def history(self) -> tuple[Dossier, ...]:
        """The dossiers that came with the job: of gearmang 0.1, or in a replay; else none."""
        return self._envelope.history

    @property
    def enqueued_at(self) -> float | None:
        """When it was submitted, in seconds since the epoch; None if it was submitted bare."""
        return self._envelope.enqueued_at

    @property
    def tmp(self) -> Path:
        """A folder of the job's own, made when first asked for, removed whatever happens."""
        if self._tmp is None:
            self._tmp, self._tmp_lock = scratch.make(self.tmp_name)
        return self._tmp

    def remove_tmp(self) -> None:
        """Remove the folder, if it was made."""
        if self._tmp is not None:
            shutil.rmtree(self._tmp, ignore_errors=True)
            os.close(self._tmp_lock)
            self._tmp = None

    def progress(self, n: int, of: int) -> None:
        """Tell a caller who waits that ``n`` parts ``of`` so many are done."""
        self._say(frames.PROGRESS, b"%d\0%d" % (n, of))

    def send(self, data: Any) -> None:
        """Send a caller who waits a part of the result: bytes as they are, anything else as JSON.

        Raises:
            TypeError: the data cannot be written as JSON.
        """
        self._say(frames.DATA, encoded(data))

    def __repr__(self) -> str:
        return f"<Job {self.id} of {self.function!r}, attempt {self.attempt}, pid {os.getpid()}>"


def encoded(result: Any) -> bytes:
    """A result as the caller gets it: bytes as they are, nothing for None, else JSON.

    Raises:
        TypeError: it cannot be written as JSON.
    """
    if result is None:
        return b""
    if isinstance(result, bytes):
        return result
    return orjson.dumps(result)


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


def outcome_of(error: BaseException) -> str:
    """What a raised exception makes of an attempt, as a dossier says it."""
    if isinstance(error, TimeLimitExceeded):
        return "timed_out"
    if isinstance(error, (Reject, BadEnvelope)):
        return "rejected"
    return "retry" if isinstance(error, Retry) else "failure"
