"""What is known of one failed attempt: enough to find the bug without running the job again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from typing_extensions import Self


Outcome = Literal["failure", "rejected", "retry", "crashed", "timed_out", "out_of_memory", "lost"]
"""How an attempt failed: an exception; ``gearmang.Reject``; ``gearmang.Retry``; a signal or exit;
the time limit; the memory limit; or the worker had to stop before the job was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One failed attempt. Fields that nobody could know are None.

    Attributes:
        outcome: how the attempt failed.
        error_type: the exception's class name, or the signal's name, or ``exit``.
        error_message: the exception's text, or one sentence about the crash.
        traceback: of the exception, or of the interrupted code.
        frames: the user's own frames, innermost last, as ``file:function`` with the file relative
            and without line numbers: what a fingerprint is made of.
        stderr: the last 8 KiB that the attempt wrote to its standard error.
        signal, exit_code: how the executor ended, if it ended.
        peak_rss_bytes, cpu_seconds, duration_seconds: what the attempt used.
        started_at: when it started, in seconds since the epoch.
        attempt: which attempt of its life it was, from 1.
        function, host, pid, worker, revision: where it ran and which code.
    """

    outcome: str
    error_type: str
    error_message: str = ""
    traceback: str | None = None
    frames: tuple[str, ...] = ()
    stderr: str | None = None
    signal: int | None = None
    exit_code: int | None = None
    peak_rss_bytes: int | None = None
    cpu_seconds: float | None = None
    duration_seconds: float | None = None
    started_at: float | None = None
    attempt: int = 1
    function: str | None = None
    host: str | None = None
    pid: int | None = None
    worker: str | None = None
    revision: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fields that are known, ready for JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name in _NAMES  # asdict() costs 30 times as much
            if (value := getattr(self, name)) not in (None, (), "")
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote; unknown keys are left out, so newer workers stay readable.

        The data comes from the queue and is hostile: a value of the wrong type is left out too.
        """
        known: dict[str, Any] = {"outcome": "failure", "error_type": "unknown"}
        for name in _NAMES:
            value = data.get(name)
            if name == "frames":
                if isinstance(value, list) and all(isinstance(frame, str) for frame in value):
                    known["frames"] = tuple(value)
            elif value is not None and _fits(name, value):
                known[name] = value
        return cls(**known)


_NAMES = tuple(field.name for field in fields(Dossier))
_INTEGERS = {"signal", "exit_code", "peak_rss_bytes", "attempt", "pid"}
_NUMBERS = {"cpu_seconds", "duration_seconds", "started_at"}


def _fits(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return False
    if name in _INTEGERS:
        return isinstance(value, int)
    if name in _NUMBERS:
        return isinstance(value, int | float)
    return isinstance(value, str)
