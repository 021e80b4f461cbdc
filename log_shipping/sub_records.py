"""Log lines inside a task as records of their own, below the task's."""

import logging

from log_shipping.configuration import settings
from log_shipping.context import innermost


class SubRecordHandler(logging.Handler):
    """Writes each log line that is logged inside a task as a record ``TASK.log``.

    Attach it where lines are wanted: ``logging.getLogger().addHandler(SubRecordHandler())``.
    Lines outside a task, and in a task that is not sampled, are left alone.
    """

    def emit(self, record: logging.LogRecord) -> None:
        around = innermost.get()
        handler = settings.handler
        if around is None or handler is None or not around.sampled:
            return
        try:
            document = handler.formatter.document(record)
            document["type"] = f"{around.type}.log"
            document["parent"] = around.span
            document["span"] = document["event_id"][: len(around.span)]
        except Exception:
            handler.drop(1)
        else:
            handler.ship(document)
