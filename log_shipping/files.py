"""Records in files named by the hour, which many processes may write at once."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import orjson

from log_shipping.encoding import OPTIONS, Document
from log_shipping.formatter import JsonFormatter
from log_shipping.handler import RecordHandler
from log_shipping.mending import end_torn_line, rescue
from log_shipping.values import json_form

HOUR = 3600  # seconds
FILE_MODE = 0o640
FOLDER_MODE = 0o750
CHECK_INTERVAL = 1.0  # seconds between two looks at whether the file is still there

_dumps = orjson.dumps
_write = os.write


class HourlyFileHandler(RecordHandler):
    """Appends each record to ``FOLDER/tasks-YYYYMMDDHH.jsonl`` (UTC) by one write.

    O_APPEND makes the writes of many processes whole lines (not on NFS). Files are never
    renamed: a shipper that lags behind loses nothing when the hour changes.

    Args:
        path: the folder; made when it is missing.
        durable: fsync after each record (about 200 µs).
        watch: look before each record whether the file was renamed, as
            `logging.handlers.WatchedFileHandler` does, for logrotate; else only a deleted file is
            noticed, and what was written to it since is written again to a new one.
        clock: tells the time, in seconds since the epoch.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        formatter: JsonFormatter | None = None,
        durable: bool = False,
        watch: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.folder = Path(path).absolute()
        self.where = str(self.folder)
        self._durable = durable
        self._watch = watch
        self._clock = clock
        self._path = self.folder
        self._descriptor = self._before = -1
        self._hour_ends = 0.0
        self._look_at = 0.0
        self._seen = 0
        self._torn = False
        self._longest = 0  # bytes of a line that `ship` writes itself,
        self._fast_until = 0.0  # and until when
        super().__init__(formatter)

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802  # logging's name
        super().setFormatter(fmt)
        self._choose_the_way()

    def setLevel(self, level: int | str) -> None:  # noqa: N802  # logging's name
        super().setLevel(level)
        self._choose_the_way()

    def _choose_the_way(self) -> None:
        """Whether `ship` may write records itself."""
        usual = self.json_formatter.plain and self.level <= logging.INFO
        usual = usual and not self._durable and not self._watch
        self._longest = self.json_formatter.max_bytes if usual else 0
        self._fast_until = 0.0

    def ship(self, document: Document) -> None:
        # The usual case in one call, which is most of what a task pays for its record. Whatever
        # is unusual goes through RecordHandler.ship, and to the methods below.
        if self._clock() < self._fast_until:
            try:
                line = _dumps(document, json_form, OPTIONS)
                if len(line) <= self._longest:
                    written = _write(self._descriptor, line)
                    if written == len(line):
                        return
                    self._end_torn(line[:written])
                    self.drop(1)
                    return
            except Exception:  # what happened happens again below, and is counted there
                self._fast_until = 0.0
        super().ship(document)

    def write_line(self, line: bytes) -> bool:
        if self._clock() >= self._look_at:
            self._look()
        # Without the lock: a descriptor stays open for an hour after another took its place.
        written = _write(self._descriptor, line)
        if written != len(line):
            self._end_torn(line[:written])
            return False
        if self._durable:
            os.fsync(self._descriptor)
        return True

    def _end_torn(self, fragment: bytes) -> None:
        """After a short write: the disk is full, or a limit of the file's size is reached."""
        self._torn = not end_torn_line(self._descriptor, fragment)
        self._look_at = self._fast_until = 0.0

    def close(self) -> None:
        """Close the file; a later record opens it again."""
        with self.lock:
            if self._descriptor >= 0:
                self._look()
            self._forget()
        super().close()

    def after_fork(self) -> None:
        super().after_fork()
        self._forget()

    def report_drops(self) -> None:
        if self._descriptor >= 0:
            try:
                self._look()
            except OSError:  # gone, and no other in its place: nothing more can be done at exit
                pass
        super().report_drops()

    def _look(self) -> None:
        """Open the file of this hour if it is not the open one, or if that one is gone."""
        with self.lock:
            now, gone = self._clock(), self._descriptor
            deleted = gone >= 0 and os.fstat(gone).st_nlink == 0
            if deleted or now >= self._hour_ends or self._renamed():
                self._open(now)
            if deleted:
                self._dropped += rescue(gone, self._seen, self._descriptor)
            if self._torn:
                self._torn = _write(self._descriptor, b"\n") != 1
            self._seen = os.fstat(self._descriptor).st_size
            self._look_at = 0.0 if self._watch else min(now + CHECK_INTERVAL, self._hour_ends)
            self._fast_until = self._look_at if self._longest and not self._dropped else 0.0

    def _renamed(self) -> bool:
        if not self._watch:
            return False
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        here = os.fstat(self._descriptor)
        return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)

    def _open(self, now: float) -> None:
        hour = int(now // HOUR)
        name = f"tasks-{datetime.fromtimestamp(hour * HOUR, timezone.utc):%Y%m%d%H}.jsonl"
        self._path = self.folder / name
        self.folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        # Read as well as write: end_torn_line looks at what was written.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        opened = os.open(self._path, flags, FILE_MODE)
        if self._before >= 0:
            os.close(self._before)
        self._before, self._descriptor = self._descriptor, opened
        self._hour_ends = (hour + 1.0) * HOUR

    def _forget(self) -> None:
        for descriptor in (self._descriptor, self._before):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._before = -1
        self._hour_ends = self._look_at = self._fast_until = 0.0
        self._seen = 0
        self._torn = False
