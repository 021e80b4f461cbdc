"""What ends the process, or one of its threads, as a record."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

from log_shipping.configuration import settings

LOGGER = "log_shipping"


def record_exceptions() -> None:
    """Record exceptions that nobody caught, as log lines of level CRITICAL; then go on as before.

    The hooks that are there are called afterwards, so that others hear of it as well.
    """
    if getattr(sys.excepthook, "__module__", None) == __name__:
        return
    before, before_in_threads = sys.excepthook, threading.excepthook

    def excepthook(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            _record("the process ended", error)
        before(kind, error, trace)

    def in_threads(what: threading.ExceptHookArgs) -> None:
        if what.exc_value is not None and not isinstance(what.exc_value, SystemExit):
            _record(f"the thread {what.thread.name if what.thread else '?'} ended", what.exc_value)
        before_in_threads(what)

    sys.excepthook, threading.excepthook = excepthook, in_threads


def _record(what: str, error: BaseException) -> None:
    handler = settings.handler
    if handler is not None:
        told = (type(error), error, error.__traceback__)
        handler.handle(
            logging.LogRecord(LOGGER, logging.CRITICAL, "", 0, f"{what}: %s", (error,), told)
        )
