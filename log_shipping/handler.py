"""What the handlers of records have in common: they never raise, and they count what they drop."""

import atexit
import logging
import os
import select
import weakref
from datetime import UTC, datetime
from typing import Any

from log_shipping.encoding import Document
from log_shipping.formatter import JsonFormatter
from log_shipping.process import new_id, on_fork

_handlers: "weakref.WeakSet[RecordHandler]" = weakref.WeakSet()


class RecordHandler(logging.Handler):
    """A logging handler that takes task records as well as log lines.

    Subclasses write one line, in `write`. What could not be written is counted, and the next
    record that can be says how many, in ``dropped``.
    """

    formatter: JsonFormatter

    def __init__(self, formatter: JsonFormatter | None = None) -> None:
        super().__init__()
        self.lock: Any = self.lock  # typed as optional by typeshed; made by Handler.__init__
        self._dropped = 0
        self._complained = False
        self.setFormatter(formatter or JsonFormatter())
        _handlers.add(self)

    def write(self, line: bytes) -> bool:
        """Write one line, from any thread. False, or an exception, when it did not get out."""
        raise NotImplementedError  # pragma: no cover

    @property
    def dropped(self) -> int:
        """How many records this process could not write and has not reported yet."""
        return self._dropped

    def ship(self, document: Document) -> None:
        """Write one task record; never raises."""
        if self._dropped:
            document["dropped"] = self._owed()
        try:
            if self.write(self.formatter.encode(document)):
                return
        except Exception as error:
            self._complain(error)
        self.drop(1 + document.get("dropped", 0))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one ordinary log line; never raises."""
        try:
            if isinstance(self.formatter, JsonFormatter):
                self.ship(self.formatter.document(record))
                return
            # A formatter of the user's own, by setFormatter.
            if self.write(self.format(record).encode("utf-8", "backslashreplace") + b"\n"):
                return
        except Exception as error:
            self._complain(error)
        self.drop(1)

    def _owed(self) -> int:
        with self.lock:
            owed, self._dropped = self._dropped, 0
            return owed

    def drop(self, count: int) -> None:
        """Count records that could not be written."""
        with self.lock:
            self._dropped += count

    def after_fork(self) -> None:
        """In a forked child: let go of what is the parent's."""
        self._dropped = 0

    def report_drops(self) -> None:
        """Write a last record about drops that no later record reports."""
        if self._dropped:
            self.ship(
                {
                    "ts": datetime.now(UTC),
                    "level": "WARNING",
                    "type": "log_shipping",
                    "event_id": new_id(),
                    **self.formatter.static,
                }
            )

    def _complain(self, error: Exception) -> None:
        """Say on stderr, once for a handler, why records are dropped; never wait for its reader."""
        if self._complained:
            return
        self._complained = True
        try:
            if select.select([], [2], [], 0)[1]:
                reason = f"log_shipping: records are dropped and counted: {error}\n"
                os.write(2, reason.encode("utf-8", "backslashreplace")[:4096])
        except (OSError, ValueError):
            pass


def _after_fork() -> None:
    for handler in list(_handlers):
        handler.after_fork()


def _report_drops() -> None:
    for handler in list(_handlers):
        handler.report_drops()


on_fork(_after_fork)
atexit.register(_report_drops)
