"""When each worker was first seen, kept from run to run in a file: ages for workers without ids."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gearmang.errors import GearmangError
from gearmang.protocol import Peer
from gearmang.watch.poll import Snapshot

VERSION = 1  # of the file's form
FILE_MODE = 0o640
LOCK_PAUSE = 0.05  # seconds between two tries

FirstSeen = dict[str, dict[str, float]]  # server → connection → seconds since the epoch


class BadState(GearmangError):
    """The state file cannot be used; the text says what to do."""


def update(times: Mapping[str, float], snapshot: Snapshot, now: float) -> dict[str, float]:
    """First-seen times of one server after another look; connections that are gone are left out.

    Args:
        times: those of the look before.
        snapshot: the server now.
        now: when, in seconds since the epoch.
    """
    names = (name_of(snapshot.pid, one) for one in snapshot.connections if one.functions)
    return {name: min(times.get(name, now), now) for name in names}


def name_of(pid: int | None, connection: Peer) -> str:
    """What tells a connection from others for as long as it lasts.

    A gearmand that was restarted, to be known by its ``pid``, numbers its connections anew. It
    gives a free number to the next connection: one that comes between two looks, with the same id
    from the same host, is taken for the one before.
    """
    return f"{pid} {connection.fd} {connection.host} {connection.client_id}"


@contextmanager
def state(path: str, deadline: float) -> Iterator[FirstSeen]:
    """The times of the file, changed in place and written back in one rename.

    Args:
        path: the file; made when it is missing.
        deadline: on the monotonic clock, for the lock that other runs may hold.

    Raises:
        BadState: it cannot be read, locked or written.
    """
    try:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise BadState(f"{path}.lock cannot be made: {error.strerror}; see --state") from None
    try:
        _lock(lock, path, deadline)
        known = _read(path)
        yield known
        _write(path, known)
    finally:
        os.close(lock)


def _lock(lock: int, path: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise BadState(f"{path}.lock is held by another run") from None
            time.sleep(LOCK_PAUSE)
        else:
            return


def _read(path: str) -> FirstSeen:
    try:
        return _parse(Path(path).read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadState(f"{path} cannot be read ({error}); remove it to begin anew") from None


def _parse(text: str) -> FirstSeen:
    document: Any = json.loads(text)
    if document["version"] != VERSION:
        raise ValueError(f"it is of version {document['version']}")
    return {
        str(server): {str(name): float(since) for name, since in times.items()}
        for server, times in document["first_seen"].items()
    }


def _write(path: str, known: FirstSeen) -> None:
    new = f"{path}.new"
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123  # a descriptor
            json.dump({"version": VERSION, "first_seen": known}, file)
            file.flush()
            os.fsync(descriptor)
        os.replace(new, path)  # noqa: PTH105  # both are text
    except OSError as error:
        raise BadState(f"{path} cannot be written: {error.strerror}; see --state") from None
