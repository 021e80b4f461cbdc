"""Records through a logging handler of the user's own."""

from __future__ import annotations

import logging

from log_shipping.encoding import Document
from log_shipping.formatter import TASK_RECORD, JsonFormatter
from log_shipping.handler import RecordHandler, level_of

LOGGER = "log_shipping"


class ForeignHandler(RecordHandler):
    """Hands each record to another handler as a LogRecord of the logger ``log_shipping``.

    How long that handler takes, and whether it says that it lost something, is its own affair;
    its level and its filters hold.

    Args:
        handler: any logging handler; one without a formatter gets ours.
    """

    def __init__(self, handler: logging.Handler, *, formatter: JsonFormatter | None = None) -> None:
        super().__init__(formatter)
        self.target = handler
        self.where = repr(handler)
        if handler.formatter is None:
            handler.setFormatter(self.json_formatter)

    def ship(self, document: Document) -> None:
        level = level_of(document)
        if level < self.target.level:
            return
        if self._dropped:
            document["dropped"] = self._owed()
        record = logging.LogRecord(LOGGER, level, "", 0, str(document.get("type", "")), None, None)
        setattr(record, TASK_RECORD, document)
        try:
            self.target.handle(record)
        except Exception as error:
            self.complain(error)
            self.drop(1 + document.get("dropped", 0))

    def write_line(self, line: bytes) -> bool:
        """Not reached: `ship` hands over whole records."""
        return False
