"""What the handlers of records have in common: they never raise, and they count what they drop."""

from __future__ import annotations

import atexit
import logging
import os
import select
import sys
import weakref
from datetime import datetime, timezone
from typing import Any

from log_shipping.encoding import Document
from log_shipping.formatter import TASK_RECORD, JsonFormatter
from log_shipping.process import new_id, on_fork

LAST_WORD = "log_shipping"  # the type of the record that reports what no other record does

_handlers: weakref.WeakSet[RecordHandler] = weakref.WeakSet()


class RecordHandler(logging.Handler):
    """A logging handler that takes task records as well as log lines.

    Subclasses write one line, in `write_line`; called ``write``, loguru would take the handler
    for a stream. What could not be written is counted, and the next record that can be says how
    many, in ``dropped``; at the end a record of its own does, or a line on stderr. A level that
    is set on it holds for records too; failures have level ERROR.

    Attributes:
        json_formatter: what writes records; `formatter`, if it is another, only makes the
            ``message`` of ordinary log lines.
        where: the place that it writes to, as people call it.
    """

    where = "their place"

    def __init__(self, formatter: JsonFormatter | None = None) -> None:
        super().__init__()
        self.lock: Any = self.lock  # typed as optional by typeshed; made by Handler.__init__
        self._dropped = 0
        self._complained = False
        self.setFormatter(formatter or JsonFormatter())
        _handlers.add(self)

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802  # logging's name
        super().setFormatter(fmt)
        if isinstance(fmt, JsonFormatter):
            self.json_formatter = fmt

    def write_line(self, line: bytes) -> bool:
        """Write one line, from any thread. False, or an exception, when it did not get out."""
        raise NotImplementedError  # pragma: no cover

    @property
    def dropped(self) -> int:
        """How many records this process could not write and has not reported yet."""
        return self._dropped

    def ship(self, document: Document) -> None:
        """Write one task record; never raises."""
        if self.level > logging.INFO and level_of(document) < self.level:
            return
        if self._dropped:
            document["dropped"] = self._owed()
        try:
            line = self.json_formatter.encode(document)
            if line is None or self.write_line(line):
                return
            self.complain(f"{self.where} takes no more")
        except Exception as error:
            self.complain(error)
        self.drop(1 + document.get("dropped", 0))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one ordinary log line, or a task record that came as one; never raises."""
        try:
            document = getattr(record, TASK_RECORD, None)
            if document is None:
                document = self.json_formatter.document(record)
                if self.formatter is not None and self.formatter is not self.json_formatter:
                    document["message"] = self.formatter.format(record)
        except Exception as error:
            self.complain(error)
            self.drop(1)
        else:
            self.ship(document)

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
        """Write a last record about drops that no later record reports, or say them on stderr."""
        if self._dropped:
            self.ship(
                {
                    "ts": datetime.now(timezone.utc),
                    "level": "WARNING",
                    "type": LAST_WORD,
                    "event_id": new_id(),
                    **self.json_formatter.static,
                }
            )
        # The last word is none of the records.
        lost = self._dropped - 1
        if lost > 0:
            self.say_lost(lost)
            self._dropped = 0

    def say_lost(self, count: int) -> None:
        """Say on stderr how many records are lost, at the end of the process."""
        _say(f"{count} records of process {os.getpid()} are lost: {self.where} took no more")

    def complain(self, reason: object) -> None:
        """Say on stderr, once for a handler, why records are dropped."""
        if not self._complained:
            self._complained = True
            _say(f"records are dropped and counted: {reason}")


def level_of(document: Document) -> int:
    """The number of a record's level; INFO where it is none that logging knows."""
    number = logging.getLevelName(document.get("level", ""))
    return number if isinstance(number, int) else logging.INFO


def report_all_drops() -> None:
    """At the end of the process: what every handler has lost and not told."""
    for handler in list(_handlers):
        handler.report_drops()


def _say(sentence: str) -> None:
    """Print a line on stderr, unless nobody reads there: never wait for it."""
    try:
        if select.select([], [2], [], 0)[1]:
            os.write(2, f"log_shipping: {sentence}\n".encode("utf-8", "backslashreplace")[:4096])
    except (OSError, ValueError):
        pass


def _after_fork() -> None:
    for handler in list(_handlers):
        handler.after_fork()
    # A child of multiprocessing ends without atexit: only what is registered there is called,
    # and only what is registered after its start.
    if "multiprocessing.util" in sys.modules:
        sys.modules["multiprocessing.util"].register_after_fork(report_all_drops, _report_at_exit)


def _report_at_exit(_: object) -> None:
    sys.modules["multiprocessing.util"].Finalize(None, report_all_drops, exitpriority=0)


on_fork(_after_fork)
atexit.register(report_all_drops)
