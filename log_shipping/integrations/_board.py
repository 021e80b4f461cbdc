"""What Celery's pool processes are at, in memory that their parent can read when they are gone."""

from __future__ import annotations

import hashlib
import os
import struct
from mmap import mmap
from pathlib import Path
from typing import NamedTuple

RUNNING, WRITTEN = 1, 2
_SLOTS = 1 << 16
_ENTRY = struct.Struct("=16sdIIB7x")  # which task, since when, by whom, after how many retries


class PoolAttempt(NamedTuple):
    """One attempt of a task.

    Attributes:
        started_at: in seconds since the epoch.
        pid: the process that runs it.
        retries: how many there were before.
        state: `RUNNING`, or `WRITTEN` once its record is.
    """

    started_at: float
    pid: int
    retries: int
    state: int

    def is_over(self) -> bool:
        """Whether its process has ended, waited for or not."""
        try:
            status = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return True
        return status.rpartition(")")[2].split()[0] in {"Z", "X"}


class Board:
    """The last attempt of each task that is under way; made before the pool forks."""

    def __init__(self) -> None:
        self._memory = mmap(-1, _SLOTS * _ENTRY.size)

    def put(self, task_id: str, attempt: PoolAttempt) -> None:
        """Note an attempt."""
        _ENTRY.pack_into(self._memory, *self._place(task_id), *attempt)

    def get(self, task_id: str) -> PoolAttempt | None:
        """The attempt of a task; None where it never began here, or long ago."""
        offset, name = self._place(task_id)
        found, *attempt = _ENTRY.unpack_from(self._memory, offset)
        return PoolAttempt(*attempt) if found == name else None

    def written(self, task_id: str) -> None:
        """Note that the record of a task's attempt is written."""
        attempt = self.get(task_id)
        if attempt is not None and attempt.pid == os.getpid():
            self.put(task_id, attempt._replace(state=WRITTEN))

    def _place(self, task_id: str) -> tuple[int, bytes]:
        name = hashlib.blake2b(task_id.encode("utf-8", "replace"), digest_size=16).digest()
        return int.from_bytes(name[:2], "big") * _ENTRY.size, name
