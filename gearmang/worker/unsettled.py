"""Copies of which nobody knows whether gearmand has them: the connection broke before it said so.

gearmand then gives out the original again. Its attempt has failed already, so it is not run once
more: the same copy is submitted under the same key, which gearmand joins to the one that it has.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from gearmang.job.submission import Packed
from gearmang.protocol.key import JobKey
from gearmang.worker.grabbing import Assigned

MOST: Final = 1000  # the oldest is forgotten above; its job is then run once more
MOST_BYTES: Final = 64 * 1024 * 1024  # of all payloads together


class Pending(NamedTuple):
    """What is left to do for a failed attempt.

    Attributes:
        copy: to be submitted; None once it was seen in the queue.
        told: to the caller.
        losses: connections that have ended meanwhile.
    """

    copy: Packed | None
    told: str
    losses: int


class Unsettled:
    """Remembers them, within bounds."""

    def __init__(self) -> None:
        self._pending: dict[tuple[object, ...], Pending] = {}
        self._by_copy: dict[bytes, tuple[object, ...]] = {}  # its unique key → the original
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._pending)

    def remember(self, job: Assigned, copy: Packed, told: str, losses: int = 1) -> None:
        """The connection broke while the job's copy was under way."""
        name = _name(job)
        self._forget(name)
        self._pending[name] = Pending(copy, told, losses)
        self._by_copy[copy.unique.encode()] = name
        self._bytes += len(copy.payload)
        while len(self._pending) > MOST or self._bytes > MOST_BYTES:
            self._forget(next(iter(self._pending)))

    def seen(self, job: Assigned) -> Pending | None:
        """Take notice of a job that gearmand gives out; what is pending where it had failed."""
        original = self._by_copy.pop(job.unique, None)
        if original is not None:  # gearmand has the copy: this is it
            pending = self._pending[original]
            self._drop_payload(pending)
            self._pending[original] = pending._replace(copy=None)
        name = _name(job)
        pending_now = self._pending.get(name)
        if pending_now is not None:
            self._forget(name)
        return pending_now

    def _forget(self, name: tuple[object, ...]) -> None:
        pending = self._pending.pop(name, None)
        if pending is not None and pending.copy is not None:
            self._by_copy.pop(pending.copy.unique.encode(), None)
            self._drop_payload(pending)

    def _drop_payload(self, pending: Pending) -> None:
        if pending.copy is not None:
            self._bytes -= len(pending.copy.payload)


def _name(job: Assigned) -> tuple[object, ...]:
    """A key of ours names one delivery; one of a user's may come again with another job."""
    unique = job.unique
    if JobKey.parse(unique.decode("latin-1")) is not None:
        return (job.link.server, unique)
    digest = hashlib.blake2b(job.data, digest_size=16).digest()
    return (job.link.server, job.handle, unique, digest)
