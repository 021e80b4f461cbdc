"""When each worker was first seen, kept from run to run in a file: ages for workers without ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gearmang.errors import GearmangError
from gearmang.protocol import Peer
from gearmang.state_file import CannotKeep, locked, write_whole
from gearmang.watch.poll import Snapshot

VERSION = 1  # of the file's form
FILE_MODE = 0o640

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
        with locked(path, deadline, FILE_MODE):
            known = _read(path)
            yield known
            text = json.dumps({"version": VERSION, "first_seen": known})
            write_whole(path, text, FILE_MODE, durable=True)
    except CannotKeep as error:
        raise BadState(f"{error}; see --state") from None


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
