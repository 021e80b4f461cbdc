"""Records in files named by the hour, which many processes may write at once."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from log_shipping.formatter import JsonFormatter
from log_shipping.handler import RecordHandler

HOUR = 3600  # seconds
FILE_MODE = 0o640
FOLDER_MODE = 0o750
REOPEN_INTERVAL = 1.0  # seconds between two tries to open a file that could not be opened


class HourlyFileHandler(RecordHandler):
    """Appends each record to ``FOLDER/tasks-YYYYMMDDHH.jsonl`` (UTC) by one write.

    O_APPEND makes the writes of many processes whole lines (not on NFS). Files are never
    renamed: a shipper that lags behind loses nothing when the hour changes.

    Args:
        path: the folder; made when it is missing.
        durable: fsync after each record (about 200 µs).
        clock: tells the time, in seconds since the epoch.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        formatter: JsonFormatter | None = None,
        durable: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(formatter)
        self.folder = Path(path).absolute()
        self._durable = durable
        self._clock = clock
        self._descriptor = -1
        self._until = 0.0

    def write(self, line: bytes) -> bool:
        if self._clock() >= self._until:
            self._open()
        return os.write(self._descriptor, line) == len(line)

    def close(self) -> None:
        with self.lock:
            self._close()
        super().close()

    def after_fork(self) -> None:
        super().after_fork()
        self._close()

    def _close(self) -> None:
        self._until = 0.0
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        self._close()
        self.folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        hour = int(self._clock() // HOUR)
        name = f"tasks-{datetime.fromtimestamp(hour * HOUR, UTC):%Y%m%d%H}.jsonl"
        self._descriptor = os.open(
            self.folder / name, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE
        )
        self._until = (hour + 1.0) * HOUR
