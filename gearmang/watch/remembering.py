"""What is remembered of servers from run to run: one JSON file, locked, bounded, for its owner."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gearmang.errors import GearmangError
from gearmang.watch.evidence import Witness
from gearmang.watch.movement import Course, Past, Polled

FORM = 2  # of the file; another one begins anew
FILE_MODE = 0o600
LARGEST_FILE = 64 * 1024 * 1024  # bytes that are read
LOCK_PAUSE = 0.05  # seconds between two tries


class CannotRemember(GearmangError):
    """The state file cannot be used; the text names it and says what to do."""


@contextmanager
def remembered(path: str, deadline: float) -> Iterator[dict[str, Past]]:
    """What was known of each server, by its name: changed in place, written at the block's end.

    Nothing is written when the block raises.

    Args:
        path: the file; made when it is missing. Beside it lies ``PATH.lock``.
        deadline: on the monotonic clock, for the lock that another run may hold.

    Raises:
        CannotRemember: it cannot be read, locked or written.
    """
    try:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise CannotRemember(f"{path}.lock cannot be made: {error.strerror}") from None
    try:
        _lock(lock, path, deadline)
        pasts = _read(path)
        yield pasts
        _write(path, pasts)
    finally:
        os.close(lock)


def _lock(lock: int, path: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CannotRemember(f"{path}.lock is held by another run; try again") from None
            time.sleep(LOCK_PAUSE)
        else:
            return


def _read(path: str) -> dict[str, Past]:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123  # pathlib costs a check 5 ms
            text = file.read(LARGEST_FILE)
        document: Any = json.loads(text)  # which fails for a text that was cut
        if document["form"] != FORM:
            return {}
        return {str(name): _past(one) for name, one in document["servers"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CannotRemember(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CannotRemember(
            f"{path} is no state of gearmang ({type(error).__name__}); remove it to begin anew"
        ) from None


def _past(written: Any) -> Past:
    at, courses, witnesses, pid, numbers = written
    return Past(
        float(at),
        {str(name): _course(*one) for name, one in courses.items()},
        {str(name): Witness(str(a), int(b), int(c)) for name, (a, b, c) in witnesses.items()},
        None if pid is None else int(pid),
        None if numbers is None else frozenset(map(int, numbers)),
    )


def _course(empty_at: Any, steps: Any) -> Course:
    read = tuple(
        Polled(
            float(at),
            int(waiting),
            int(total),
            int(running),
            int(workers),
            idle=None if idle is None else int(idle),
            fell=bool(fell),
            went=bool(went),
            still=bool(still),
        )
        for at, waiting, total, running, workers, idle, fell, went, still in steps
    )
    if not read:
        raise ValueError("a course without steps")
    return Course(None if empty_at is None else float(empty_at), read)


def _write(path: str, pasts: Mapping[str, Past]) -> None:
    new = f"{path}.new"
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123  # a descriptor
            json.dump({"form": FORM, "servers": pasts}, file, separators=(",", ":"), default=sorted)
        os.replace(new, path)  # noqa: PTH105  # both are text
    except OSError as error:
        raise CannotRemember(f"{path} cannot be written: {error.strerror}") from None
