"""The event log: who did what to which letters, when and why. Only ever added to."""

from __future__ import annotations

import os
import pwd
import socket
import time
from typing import Any

from sqlalchemy import Connection, insert

from gearmang.dead_letters.store.tables import events


def operator() -> str:
    """Who is at work: ``user@host``; with sudo, the user who called it."""
    uid = os.getuid()
    name = os.environ.get("SUDO_USER") if uid == 0 else None
    if not name:
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:  # a container that runs as a bare number
            name = str(uid)
    return f"{name}@{socket.gethostname()}"


def record(connection: Connection, what: str, *, why: str | None = None, **told: Any) -> None:
    """Add one event, in the transaction of what it tells of.

    Args:
        what: one word or two: ``requeued``, ``removed``, ``edited``.
        why: the operator's reason.
        told: the columns plan, death_id, fingerprint, detail, payload, as far as they apply.
    """
    connection.execute(
        insert(events).values(at=time.time(), who=operator(), what=what, why=why, **told)
    )
