"""Gives each line that a job logs its id, whatever the user's handlers and formats are."""

from __future__ import annotations

import logging
from collections.abc import Iterator


class JobLines:
    """The id of the job at hand, for all handlers.

    ``%(job_id)s`` is there for any format. Where a plain format does not show it, the message
    begins with it; other formatters, of JSON for one, find it as an attribute of the record.

    Attributes:
        job_id: empty between two jobs.
    """

    def __init__(self) -> None:
        self.job_id = ""

    def attach(self) -> None:
        """Be heard by every handler that there is now."""
        for handler in _handlers():
            handler.addFilter(_OfJob(self, handler))


class _OfJob(logging.Filter):
    """Marks the records of one handler."""

    def __init__(self, lines: JobLines, handler: logging.Handler) -> None:
        super().__init__()
        self._lines, self._handler = lines, handler

    def filter(self, record: logging.LogRecord) -> bool:
        """Let it pass, with the id."""
        record.job_id = job_id = self._lines.job_id
        if job_id and not _shows_id(self._handler.formatter):
            prefix, told = f"job {job_id}: ", str(record.msg)
            if not told.startswith(prefix):  # of several handlers the first one adds it
                record.msg = prefix + told
        return True


def _shows_id(formatter: logging.Formatter | None) -> bool:
    """Whether a format shows the id by itself, or is none of text."""
    if formatter is None:
        return False
    return type(formatter) is not logging.Formatter or "job_id" in (formatter._fmt or "")


def _handlers() -> Iterator[logging.Handler]:
    known = logging.root.manager.loggerDict.values()
    for logger in (logging.root, *(one for one in known if isinstance(one, logging.Logger))):
        yield from logger.handlers
    if logging.lastResort is not None:
        yield logging.lastResort
