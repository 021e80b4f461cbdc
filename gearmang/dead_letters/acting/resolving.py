"""A cause that was mended: its fingerprint is resolved until it comes back."""

from __future__ import annotations

import time

from sqlalchemy import Connection, update

from gearmang.dead_letters.looking.events import record
from gearmang.dead_letters.store.tables import fingerprints


def resolve(
    connection: Connection, fingerprint: str, *, revision: str | None, why: str | None
) -> None:
    """Write down that the cause is mended.

    Args:
        revision: of the code that holds the fix: a death in a revision that had died of it before
            is then a straggler and reopens nothing; one in this or an unknown revision does.
            None: any further death reopens it.
        why: the operator's reason, for the event log.
    """
    connection.execute(
        update(fingerprints)
        .where(fingerprints.c.fingerprint == fingerprint)
        .values(state="resolved", revision=revision, resolved_at=time.time())
    )
    detail = f"in revision {revision}" if revision else None
    record(connection, "fingerprint resolved", why=why, fingerprint=fingerprint, detail=detail)
