"""Who works on what, and since when: the connections of one gearmand, summed up by function."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gearmang.protocol.entries import Peer
from gearmang.watch.worker_id import WorkerId


class Crew(NamedTuple):
    """The workers of one function whose client ids say since when they run.

    Attributes:
        size: how many there are.
        oldest_start: when the oldest one started, in seconds since the epoch.
    """

    size: int
    oldest_start: int

    def age(self, now: float) -> float:
        """Seconds since the oldest start; a clock that runs behind the worker's gives 0."""
        return max(0.0, now - self.oldest_start)


class Fleet(NamedTuple):
    """All connections of one gearmand.

    Attributes:
        crews: function → its workers with a readable id.
        workers: connections that serve a function.
        clients: connections that serve none, without the one that asked.
        unreadable: workers whose id does not say since when they run.
    """

    crews: dict[str, Crew]
    workers: int
    clients: int
    unreadable: int


def fleet(connections: Iterable[Peer]) -> Fleet:
    """Sum up ``workers``."""
    crews: dict[str, Crew] = {}
    workers = clients = unreadable = 0
    for connection in connections:
        if not connection.functions:
            clients += 1
            continue
        workers += 1
        identity = WorkerId.parse(connection.client_id)
        if identity is None:
            unreadable += 1
            continue
        for function in set(connection.functions):  # registered twice is still one worker
            size, oldest = crews.get(function, (0, identity.started))
            crews[function] = Crew(size + 1, min(oldest, identity.started))
    return Fleet(crews, workers, max(0, clients - 1), unreadable)
