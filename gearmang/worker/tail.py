"""What jobs print: passed on to the worker's own stderr within bounds, its end kept."""

from __future__ import annotations

import os
import sys
from typing import Final

KEPT: Final = 8 * 1024  # bytes that go into a dossier
PASSED_ON: Final = 1024 * 1024  # bytes of one job that reach the worker's log
READ_SIZE: Final = 256 * 1024  # bytes


class Tail:
    """Reads a pipe of output.

    Args:
        descriptor: the pipe's reading end, non-blocking; the tail owns it.
        sink: where the output goes on to.
    """

    def __init__(self, descriptor: int, sink: int | None = None) -> None:
        self.descriptor = descriptor
        self._sink = sys.stderr.fileno() if sink is None else sink
        self._kept = b""
        self._seen = 0

    def start(self) -> None:
        """A new job begins."""
        if self._seen:
            self._kept, self._seen = b"", 0

    def read(self) -> bool:
        """Take what is there now; False once nobody can write any more."""
        try:
            data = os.read(self.descriptor, READ_SIZE)
        except BlockingIOError:
            return True
        if not data:
            return False
        self._pass_on(data)
        self._kept = (self._kept + data)[-KEPT:]
        self._seen += len(data)
        return True

    def drain(self) -> None:
        """Take what an executor has left in the pipe, which holds at most 1 MiB."""
        for _ in range(8):
            seen = self._seen
            if not self.read() or self._seen == seen:
                return

    @property
    def text(self) -> str | None:
        """The last 8 KiB of what the job has printed."""
        return self._kept.decode("utf-8", "backslashreplace") if self._kept else None

    def close(self) -> None:
        os.close(self.descriptor)

    def _pass_on(self, data: bytes) -> None:
        room = PASSED_ON - self._seen
        if room < 0:  # it was said when there was none left
            return
        if len(data) > room:
            data = data[:room] + b"\n[the rest of this job's output is left out]\n"
        try:
            os.write(self._sink, data)
        except OSError:
            pass  # the log is full or gone; the work goes on
