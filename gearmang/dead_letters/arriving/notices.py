"""Who is told of deaths, and how often: once a fingerprint and interval, never a storm."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, or_, select, update

from gearmang.dead_letters.acting.silencing import silent
from gearmang.dead_letters.arriving.storing import Stored
from gearmang.dead_letters.store.rows import CAUSE, Cause
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.silences import covering
from gearmang.dead_letters.store.tables import fingerprints

MOST_CALLS: Final = 20  # an interval; further fingerprints are told of together, in one more call


class Notice(NamedTuple):
    """What one call tells.

    Attributes:
        fingerprint, state, function, error_type, error_message: the cause; empty in the call
            that stands for many.
        arrived: letters of it since the last call, as far as this collector has seen.
        dead: letters of it that wait now.
        others: how many more fingerprints this call stands for.
    """

    fingerprint: str
    state: str
    function: str
    error_type: str
    error_message: str
    arrived: int
    dead: int
    others: int = 0

    def document(self) -> dict[str, Any]:
        """What the command reads and the webhook receives, as JSON."""
        return self._asdict()


class Notices:
    """Decides what to tell. The last call of each fingerprint is kept in the store, so that
    several collectors, and each restart of one, keep to the interval together.

    Args:
        interval: seconds between two calls about one fingerprint.
    """

    def __init__(self, store: Store, interval: float) -> None:
        self._store = store
        self._interval = interval
        self._arrived: Counter[tuple[str, str]] = Counter()  # cause and gearmand
        self._calls: list[float] = []

    def add(self, stored: Stored) -> None:
        """Note what a group has brought."""
        self._arrived.update(
            (letter.row["fingerprint"], letter.row["server"]) for letter in stored.letters
        )

    def due(self) -> list[Notice]:
        """What is to be told now; whoever asks must tell it.

        Raises:
            StoreError: nothing is marked as told.
        """
        if not self._arrived:
            return []
        now = time.time()
        self._calls = [call for call in self._calls if call > now - self._interval]
        told: list[Notice] = []
        with self._store.writing() as connection:
            arrived = self._audible(connection)
            rows = connection.execute(
                select(*CAUSE)
                .where(
                    fingerprints.c.fingerprint.in_(sorted(arrived)),
                    or_(
                        fingerprints.c.notified_at.is_(None),
                        fingerprints.c.notified_at <= now - self._interval,
                    ),
                    func.coalesce(fingerprints.c.snoozed_until, 0) <= now,
                    fingerprints.c.snoozed_left.is_(None),
                )
                .order_by(fingerprints.c.fingerprint)
            ).all()
            for cause in map(Cause._make, rows):
                taken = connection.execute(
                    update(fingerprints)
                    .where(
                        fingerprints.c.fingerprint == cause.fingerprint,
                        fingerprints.c.notified_at.is_not_distinct_from(cause.notified_at),
                    )
                    .values(notified_at=now)
                )
                if taken.rowcount == 1:
                    told.append(
                        Notice(
                            cause.fingerprint,
                            cause.state,
                            cause.function,
                            cause.error_type,
                            cause.error_message,
                            arrived[cause.fingerprint],
                            cause.dead,
                        )
                    )
        names = {notice.fingerprint for notice in told}
        for key in [key for key in self._arrived if key[0] in names]:
            del self._arrived[key]
        return self._limited(told, now)

    def _audible(self, connection: Connection) -> Counter[str]:
        """What has arrived of each cause that no silence covers."""
        silences = silent(connection)
        arrived: Counter[str] = Counter()
        functions: dict[str, str] = {}
        if silences:
            names = {cause for cause, _ in self._arrived}
            query = select(fingerprints.c.fingerprint, fingerprints.c.function)
            query = query.where(fingerprints.c.fingerprint.in_(sorted(names)))
            functions = {row.fingerprint: row.function for row in connection.execute(query)}
        for (cause, server), count in self._arrived.items():
            if covering(silences, function=functions.get(cause), server=server) is None:
                arrived[cause] += count
        return arrived

    def _limited(self, told: list[Notice], now: float) -> list[Notice]:
        room = max(0, MOST_CALLS - len(self._calls))
        kept, rest = told[:room], told[room:]
        self._calls += [now] * len(kept)
        if rest and len(self._calls) <= MOST_CALLS:
            self._calls.append(now)
            letters = sum(notice.arrived for notice in rest)
            dead = sum(notice.dead for notice in rest)
            kept.append(Notice("", "", "", "", "", letters, dead, others=len(rest)))
        return kept
