"""Why an executor died in the middle of a job, as a dossier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from gearmang.job.dossier import Dossier
from gearmang.worker.dossiers import frames_of_stack, name_of_signal, without_our_calls

HARD_AFTER: Final = 5.0  # seconds after the time limit, when the executor is killed


class Ending(NamedTuple):
    """How an executor ended and what it used.

    Attributes:
        exit_code, signal: one of them is known, unless the process could not be waited for.
        peak_rss_bytes: the most that it held in memory.
        cpu_seconds: since the start of its last job.
    """

    exit_code: int | None
    signal: int | None
    peak_rss_bytes: int | None = None
    cpu_seconds: float | None = None


class JobLimits(NamedTuple):
    """The limits that a job may have died of: seconds and bytes."""

    time_limit: float | None
    max_memory: int | None
    grace: float


def dossier_of_death(
    ending: Ending,
    condemned: str | None,
    limits: JobLimits,
    *,
    stack: str | None,
    stderr: str | None,
    pid: int,
    roots: Sequence[str],
) -> Dossier:
    """Write the dossier.

    Args:
        ending: how the process ended.
        condemned: why the supervisor killed it: ``timed_out``, ``out_of_memory``, ``lost`` or
            ``closed``; None when it did not.
        limits: of the worker.
        stack: what faulthandler wrote.
        stderr: the last that the job printed.
        pid: the executor's.
        roots: the folders that file names are relative to.
    """
    outcome, error_type, message = _cause(ending, condemned, limits)
    return Dossier(
        outcome=outcome,
        error_type=error_type,
        error_message=message,
        traceback=without_our_calls(stack) if stack else None,
        frames=frames_of_stack(stack or "", roots),
        stderr=stderr,
        signal=ending.signal,
        exit_code=ending.exit_code,
        peak_rss_bytes=ending.peak_rss_bytes,
        cpu_seconds=ending.cpu_seconds,
        pid=pid,
    )


def _cause(ending: Ending, condemned: str | None, limits: JobLimits) -> tuple[str, str, str]:
    if condemned == "timed_out":
        over = f"{HARD_AFTER:g} s after the time limit of {limits.time_limit or 0:g} s"
        return condemned, "TimeLimitExceeded", f"still running {over}; the executor was killed"
    if condemned == "out_of_memory":
        limit = f"the memory limit of {limits.max_memory or 0:,} bytes"
        return condemned, "OutOfMemory", f"over {limit}; the executor was killed"
    if condemned == "lost":
        return condemned, "WorkerStopped", f"still running after the grace of {limits.grace:g} s"
    if condemned == "closed":
        return "crashed", "closed", "the job closed the executor's socket to its supervisor"
    if ending.signal is not None:
        name = name_of_signal(ending.signal)
        return "crashed", name, f"the executor was killed by {name}"
    code = "an unknown code" if ending.exit_code is None else f"code {ending.exit_code}"
    return "crashed", "exit", f"the executor exited with {code} in the middle of the job"
