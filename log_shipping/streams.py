"""Records to a stream: standard output, a pipe, a file that somebody else opened."""

from __future__ import annotations

import os
import select
import stat
import time
from typing import IO, Any

from log_shipping.formatter import JsonFormatter
from log_shipping.handler import RecordHandler

PATIENCE = 0.1  # seconds that a record waits for a reader, once; then records are dropped at once


class StreamHandler(RecordHandler):
    """Writes each record to a stream, and drops it rather than wait for a reader that stopped.

    A pipe takes lines of up to PIPE_BUF (4,096) bytes whole, so records to a pipe are cut there.

    Args:
        stream: a file object, such as ``sys.stdout``; one without a descriptor has its ``write``
            called with text.
    """

    def __init__(self, stream: IO[Any], *, formatter: JsonFormatter | None = None) -> None:
        super().__init__(formatter)
        self._stream = stream
        self.where = str(getattr(stream, "name", stream))
        self._patient = True
        self._torn = False
        try:
            self._descriptor = stream.fileno()
        except (OSError, AttributeError, ValueError):
            self._descriptor = -1
            return
        mode = os.fstat(self._descriptor).st_mode
        self._waits = not stat.S_ISREG(mode)
        if stat.S_ISFIFO(mode):
            formatter = self.json_formatter
            formatter.max_bytes = min(formatter.max_bytes, select.PIPE_BUF)

    def write_line(self, line: bytes) -> bool:
        with self.lock:
            if self._descriptor < 0:
                self._stream.write(line.decode())
                return True
            self._stream.flush()
            return self._write_all(memoryview(b"\n" + line if self._torn else line))

    def report_drops(self) -> None:
        self._patient = True  # once more, at the end: a slow reader may have come so far
        super().report_drops()

    def _write_all(self, left: memoryview) -> bool:
        deadline = time.monotonic() + (PATIENCE if self._patient else 0)
        while left:
            # Never non-blocking: that flag would be set for everybody who has the stream open.
            if self._waits and not self._writable(deadline):
                self._patient = False
                return False
            left = left[os.write(self._descriptor, left[: select.PIPE_BUF]) :]
            self._torn = True
        self._torn = False
        self._patient = True
        return True

    def _writable(self, deadline: float) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        milliseconds = max(0.0, deadline - time.monotonic()) * 1000
        return bool(poll.poll(milliseconds))
