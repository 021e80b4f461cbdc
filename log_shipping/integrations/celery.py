"""Celery workers: one record for each task, through Celery's own signals.

from log_shipping.integrations.celery import instrument

instrument()  # in the module that makes the Celery app
"""

from typing import Any

from celery import signals

from log_shipping.ambient import record

_KEY = "log_shipping_record"


def instrument() -> None:
    """Record every task that a Celery worker of this process runs."""
    signals.task_prerun.connect(_start, weak=False, dispatch_uid="log_shipping.start")
    signals.task_failure.connect(_failed, weak=False, dispatch_uid="log_shipping.failed")
    signals.task_retry.connect(_retried, weak=False, dispatch_uid="log_shipping.retried")
    signals.task_postrun.connect(_done, weak=False, dispatch_uid="log_shipping.done")


def _start(task_id: str, task: Any, **_: Any) -> None:
    # The UUID without its dashes has the shape of a trace id; retries of a task share it.
    made = record(
        task.name.lstrip(".^"),
        id=task_id.replace("-", ""),
        attempt=(task.request.retries or 0) + 1,
        worker=str(task.request.hostname or ""),
    )
    setattr(task.request, _KEY, made)
    made.start()


def _failed(sender: Any, exception: BaseException, **_: Any) -> None:
    _end(sender, exception)


def _retried(sender: Any, reason: Any, **_: Any) -> None:
    # Celery's Retry carries what went wrong, where the task said it.
    error = getattr(reason, "exc", None) or reason
    _end(sender, error if isinstance(error, BaseException) else RuntimeError(str(error)))


def _done(task: Any, **_: Any) -> None:
    _end(task, None)


def _end(task: Any, error: BaseException | None) -> None:
    made = getattr(task.request, _KEY, None)
    if made is not None:
        made.done(error)  # only the first end counts
