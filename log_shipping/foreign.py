"""Records through a logging handler of the user's own."""

import logging

from log_shipping.encoding import Document
from log_shipping.formatter import TASK_RECORD, JsonFormatter
from log_shipping.handler import RecordHandler

LOGGER = "log_shipping"


class ForeignHandler(RecordHandler):
    """Hands each record to another handler as a LogRecord of the logger ``log_shipping``.

    How long that handler takes, and whether it says that it lost something, is its own affair.

    Args:
        handler: any logging handler; one without a formatter gets ours.
    """

    def __init__(self, handler: logging.Handler, *, formatter: JsonFormatter | None = None) -> None:
        super().__init__(formatter)
        self.target = handler
        if handler.formatter is None:
            handler.setFormatter(self.formatter)

    def ship(self, document: Document) -> None:
        record = logging.LogRecord(
            LOGGER, logging.INFO, "", 0, str(document.get("type", "")), None, None
        )
        setattr(record, TASK_RECORD, document)
        try:
            self.target.handle(record)
        except Exception as error:
            self._complain(error)
            self.drop(1)

    def write(self, line: bytes) -> bool:
        """Not reached: `ship` hands over whole records."""
        return False
