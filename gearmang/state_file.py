"""A file that runs of a program share: locked while one of them works with it, written whole."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gearmang.errors import GearmangError

LOCK_PAUSE = 0.05  # seconds between two tries


class CannotKeep(GearmangError):
    """The file cannot be locked or written; the text names it and says why."""


@contextmanager
def locked(path: str, deadline: float, mode: int) -> Iterator[None]:
    """Nobody else is in such a block with the same file; beside it lies ``PATH.lock``.

    Args:
        path: the file; it need not be there.
        deadline: on the monotonic clock, for the lock that another run may hold.
        mode: of the lock's file.

    Raises:
        CannotKeep: the lock cannot be made, or another run holds it until the deadline.
    """
    try:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    except OSError as error:
        raise CannotKeep(f"{path}.lock cannot be made: {error.strerror}") from None
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise CannotKeep(f"{path}.lock is held by another run; try again") from None
                time.sleep(LOCK_PAUSE)
        yield
    finally:
        os.close(lock)


def write_whole(path: str, text: str, mode: int, *, durable: bool = False) -> None:
    """Put a text in place of what the file holds, in one rename: no reader sees half of it.

    Args:
        path: the file.
        text: ASCII.
        mode: of the file, where it is made anew.
        durable: wait until it is on the disk.

    Raises:
        CannotKeep: it cannot be written.
    """
    new = f"{path}.new"
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123  # a descriptor
            file.write(text)
            if durable:
                file.flush()
                os.fsync(descriptor)
        os.replace(new, path)  # noqa: PTH105  # both are text
    except OSError as error:
        raise CannotKeep(f"{path} cannot be written: {error.strerror}") from None
