"""Log lines inside a task as records of their own, below the task's."""

from __future__ import annotations

import logging

from log_shipping.configuration import settings
from log_shipping.context import current_record


class SubRecordHandler(logging.Handler):
    """Writes each log line that is logged inside a task as a record ``TASK.log``.

    Attach it where lines are wanted: ``logging.getLogger().addHandler(SubRecordHandler())``.
    Lines outside a task, and in a task that is not sampled, are left alone.
    """

    def emit(self, record: logging.LogRecord) -> None:
        around = current_record()
        handler = settings.handler
        if around is None or handler is None or not around.sampled:
            return
        try:
            document = handler.json_formatter.document(record)
            document["type"] = f"{around.type}.log"
            document["parent"] = around.span
            document["span"] = document["event_id"][: len(around.span)]
        except Exception:
            handler.drop(1)
        else:
            handler.ship(document)
