"""``async def`` functions as a job's code, in one event loop that lasts from job to job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gearmang.worker.job import Job


class Coroutines:
    """Runs a coroutine function for each job.

    A class may have ``__aenter__`` and ``__aexit__``: they are awaited before the first job and
    when the executor ends in peace. What a job raises from a signal, its time limit, cancels its
    coroutine, which may clean up.

    Args:
        function: a coroutine function, or an object whose ``__call__`` is one.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._loop = asyncio.new_event_loop()
        # Hooks of a class are looked up here.
        for name in ("on_job", "on_failure"):
            if hasattr(function, name):
                setattr(self, name, getattr(function, name))

    def __call__(self, job: Job) -> Any:
        """Run one job to its end; tasks that it leaves behind are cancelled."""
        task = self._loop.create_task(self._function(job))
        try:
            return self._loop.run_until_complete(task)
        except BaseException as error:
            if not task.done():  # the time limit has struck while the loop was waiting
                task.cancel()
                try:
                    return self._loop.run_until_complete(task)
                except asyncio.CancelledError:
                    raise error from None
            raise
        finally:
            self._cancel_rest()

    def on_start(self) -> None:
        """Before the first job."""
        self._hook("__aenter__")
        self._hook("on_start")

    def on_stop(self) -> None:
        """Before the executor ends in peace."""
        self._hook("on_stop")
        self._hook("__aexit__", None, None, None)
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _hook(self, name: str, *arguments: None) -> None:
        hook = getattr(self._function, name, None)
        if hook is None:
            return
        made = hook(*arguments)
        if asyncio.iscoroutine(made):
            self._loop.run_until_complete(made)

    def _cancel_rest(self) -> None:
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
