"""Workers of the package pygearman: one record for each job.

worker = instrument(gearman.GearmanWorker(["127.0.0.1:4730"]))
worker.register_task("resize", resize)
"""

from __future__ import annotations

from typing import Any, TypeVar

from log_shipping.ambient import record

Worker = TypeVar("Worker")


def instrument(worker: Worker) -> Worker:
    """Record every job that the worker runs, whenever its function was registered.

    Args:
        worker: a ``gearman.GearmanWorker``.

    Returns:
        The same worker.
    """
    patched: Any = worker
    run_job = patched.on_job_execute
    fail_job = patched.on_job_exception

    def on_job_execute(job: Any) -> Any:
        # pygearman catches what the function raises, in between: on_job_exception tells it.
        with record(_text(job.task), handle=_text(job.handle), workload_bytes=len(job.data)) as r:
            job.record = r
            return run_job(job)

    def on_job_exception(job: Any, exc_info: Any) -> Any:
        job.record.done(exc_info[1])
        return fail_job(job, exc_info)

    patched.on_job_execute = on_job_execute
    patched.on_job_exception = on_job_exception
    return worker


def _text(name: Any) -> str:
    text = name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else str(name)
    # A function may have any name; one that would mean another record stands for itself.
    return text.lstrip(".^") or "job"
