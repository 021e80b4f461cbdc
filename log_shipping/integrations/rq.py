"""RQ workers: one record for each attempt, with the outcome that RQ itself stores.

``rq worker -w log_shipping.integrations.rq.Worker``, or ``SimpleWorker``, or ``SpawnWorker``.
"""

from __future__ import annotations

import time
from typing import Any  # RQ ships types that differ from version to version

import rq
from rq.worker import SpawnWorker as RqSpawnWorker

from log_shipping.ambient import AnyRecord, TaskLogger, record

_RETRIES = "gearmang_retries"  # in a job's meta: how many retries it began with


class _Recorded:
    """What a worker class of RQ is mixed with."""

    _record: AnyRecord | None = None
    _error: BaseException | None = None

    def perform_job(self, job: Any, queue: Any, execution: Any = None, *rest: Any) -> bool:
        """Run it; in a work horse, or in the worker itself."""
        self._record = made = record(_name(job), **_told(self, job, here=True)).start()
        self._error = None
        try:
            ran: bool = super().perform_job(job, queue, execution, *rest)  # type: ignore[misc]
        except BaseException as error:
            made.done(error)
            raise
        finally:
            self._record = None
        made.done(None if ran else self._error or "the job failed")
        return ran

    def handle_exception(self, job: Any, *exc_info: Any) -> Any:
        """Called with what a job, or its callback, raised."""
        self._error = exc_info[1]
        return super().handle_exception(job, *exc_info)  # type: ignore[misc]

    def handle_job_failure(self, job: Any, *arguments: Any, **options: Any) -> Any:
        """Called by the work horse, or, where that was killed or stopped, by its worker."""
        if self._record is None:
            self._killed(job, str(options.get("exc_string", "")))
        return super().handle_job_failure(job, *arguments, **options)  # type: ignore[misc]

    def _killed(self, job: Any, reason: str) -> None:
        stopped = getattr(self, "_stopped_job_id", None) == job.id
        started = job.started_at.timestamp() if job.started_at else time.time()
        TaskLogger(_name(job)).emit(
            outcome="unknown" if stopped else "failure",
            started_at=started,
            duration_ms=(time.time() - started) * 1000,
            error_type="Stopped" if stopped else "WorkHorseKilled",
            error_message=reason.strip("; "),
            **_told(self, job, here=False),
        )


def _name(job: Any) -> str:
    return str(job.func_name).lstrip(".^") or "job"


def _told(worker: Any, job: Any, *, here: bool) -> dict[str, Any]:
    return {
        "id": job.id,
        "attempt": _attempt(job, here=here),
        "worker": worker.name or "",
        "workload_bytes": len(job.data or b""),
    }


def _attempt(job: Any, *, here: bool) -> int:
    """Which attempt it is, from 1; RQ counts down, and forgets what it began with."""
    retried: int = getattr(job, "number_of_retries", None) or 0
    left = getattr(job, "retries_left", None)
    if left is None and not here:
        return retried + 1
    try:
        meta = job.get_meta(refresh=not here)
        if _RETRIES not in meta and left:
            meta[_RETRIES] = left
            job.save_meta()
        first = meta.get(_RETRIES)
    except Exception:  # no Redis now: the job's own affair
        return retried + 1
    return retried + 1 + (first - (left or 0) if first is not None else 0)


class Worker(_Recorded, rq.Worker):
    """RQ's worker, with recorded jobs."""


class SimpleWorker(_Recorded, rq.SimpleWorker):
    """RQ's worker without a work horse, with recorded jobs."""


class SpawnWorker(_Recorded, RqSpawnWorker):
    """RQ's worker that starts its work horses anew, with recorded jobs."""
