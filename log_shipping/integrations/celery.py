"""Celery workers: one record for each attempt, with the state that Celery itself stores.

from log_shipping.integrations.celery import instrument

instrument()  # in the module that makes the Celery app

A pool process writes the record of a task that ended in it. Where the process was killed (a time
limit, a revoked task, SIGKILL, ``os._exit``) its parent does, once the process is gone.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any  # Celery ships no types

from celery import signals

from log_shipping.ambient import TaskLogger, record
from log_shipping.integrations._board import RUNNING, WRITTEN, Board, PoolAttempt

PATIENCE = 10.0  # seconds that the parent waits for the end of a process that was killed

_KEY = "log_shipping_record"
_LEFT_ALONE = {"IGNORED": "Ignore", "REJECTED": "Reject"}

_board: Board | None = None
_parent = 0


def instrument() -> None:
    """Record every task that a Celery worker of this process, or of its pool, runs."""
    global _board, _parent
    if _board is None:
        _board, _parent = Board(), os.getpid()
    signals.task_prerun.connect(_start, weak=False, dispatch_uid="log_shipping.start")
    signals.task_failure.connect(_failed, weak=False, dispatch_uid="log_shipping.failed")
    signals.task_retry.connect(_retried, weak=False, dispatch_uid="log_shipping.retried")
    signals.task_revoked.connect(_revoked, weak=False, dispatch_uid="log_shipping.revoked")
    signals.task_postrun.connect(_done, weak=False, dispatch_uid="log_shipping.done")


def _start(task_id: str, task: Any, **_: Any) -> None:
    request = task.request
    if _board is not None:
        before = _board.get(task_id)
        if before is not None and before.state == RUNNING and before.is_over():
            # Its message came back after its process was killed: nobody else tells of that.
            _emit(task.name, task_id, before, "failure", "WorkerLostError", "its process is gone")
        _board.put(task_id, PoolAttempt(time.time(), os.getpid(), request.retries or 0, RUNNING))
    made = record(
        task.name.lstrip(".^") or "task",
        id=task_id,
        attempt=(request.retries or 0) + 1,
        worker=str(request.hostname or ""),
        root_id=str(request.root_id or task_id),
    )
    if request.parent_id:
        made.set("parent_id", str(request.parent_id))
    setattr(request, _KEY, made)
    made.start()


def _failed(sender: Any, task_id: str, exception: BaseException, **_: Any) -> None:
    if not _end(sender, task_id, exception):
        _ended_elsewhere(sender.name, task_id, "failure", exception)


def _retried(sender: Any, request: Any, reason: Any, **_: Any) -> None:
    # Celery's Retry carries what went wrong, where the task said it.
    _end(sender, request.id, getattr(reason, "exc", None) or reason)


def _revoked(sender: Any, request: Any, terminated: bool, signum: Any, **_: Any) -> None:
    if terminated:  # else it never began
        reason = RuntimeError(f"revoked, and killed by signal {signum}")
        _ended_elsewhere(sender.name, request.id, "unknown", reason, "Revoked")


def _done(task: Any, task_id: str, state: str | None, retval: Any, **_: Any) -> None:
    if state in _LEFT_ALONE:
        # A rejected message that does not come back is a failure to Celery, too.
        gone = state == "REJECTED" and not getattr(retval, "requeue", False)
        _end(task, task_id, retval if gone else GeneratorExit(str(retval)), _LEFT_ALONE[state])
    elif state is None:
        # Something ends the whole process. In a pool its parent tells what.
        if os.getpid() == _parent:
            _end(task, task_id, sys.exc_info()[1] or "its process ends")
    else:
        _end(task, task_id, None if state == "SUCCESS" else retval)


def _end(task: Any, task_id: str, error: object, kind: str | None = None) -> bool:
    """End the task's record, if it is this process's and this task's."""
    made = getattr(task.request, _KEY, None)
    if made is None or task.request.id != task_id:
        return False
    if kind is not None:
        made.set("celery_state", kind)
    made.done(error)  # only the first end counts
    if _board is not None:
        _board.written(task_id)
    return True


def _ended_elsewhere(
    name: str, task_id: str, outcome: str, error: BaseException, kind: str | None = None
) -> None:
    attempt = _board.get(task_id) if _board is not None else None
    if attempt is None or attempt.state == WRITTEN:
        return
    # In a thread: the process may still be at its record, and Celery's loop must not wait for it.
    threading.Thread(
        target=_await_end,
        args=(name, task_id, attempt, outcome, kind or type(error).__name__, str(error)),
    ).start()


def _await_end(
    name: str, task_id: str, attempt: PoolAttempt, outcome: str, kind: str, reason: str
) -> None:
    deadline = time.monotonic() + PATIENCE
    while not attempt.is_over() and time.monotonic() < deadline:
        time.sleep(0.01)
    found = _board.get(task_id) if _board is not None else None
    if found == attempt:  # it was not written, nor told by the task's next attempt
        _emit(name, task_id, attempt, outcome, kind, reason)


def _emit(
    name: str, task_id: str, attempt: PoolAttempt, outcome: str, kind: str, reason: str
) -> None:
    if _board is not None:
        _board.put(task_id, attempt._replace(state=WRITTEN))
    TaskLogger(name.lstrip(".^") or "task").emit(
        outcome=outcome,
        started_at=attempt.started_at,
        duration_ms=(time.time() - attempt.started_at) * 1000,
        id=task_id,
        attempt=attempt.retries + 1,
        error_type=kind,
        error_message=reason,
    )
