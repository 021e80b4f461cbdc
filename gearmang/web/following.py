"""What polls of each server tell together: whether queues move, how long jobs wait and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gearmang.protocol.errors import AdminError
from gearmang.watch.fleet import staff
from gearmang.watch.movement import Flow, Past, follow, judge
from gearmang.watch.poll import Snapshot
from gearmang.watch.waits import Queueing, keys_by_function, oldest_running, oldest_waiting


class Moves(NamedTuple):
    """One server, followed.

    Attributes:
        flows: of functions in which jobs wait; any other is empty.
        waits: function → its oldest waiting job.
        runs: function → seconds that its oldest running job has run, where a worker says so.
    """

    flows: Mapping[str, Flow]
    waits: Mapping[str, Queueing]
    runs: Mapping[str, float]


class Following:
    """Remembers each server from poll to poll; a restart of gearmand begins anew.

    Attributes:
        pasts: what is remembered of each server.
    """

    def __init__(self) -> None:
        self.pasts: dict[str, Past] = {}

    def moves(
        self, answers: Sequence[Snapshot | AdminError], now: float
    ) -> tuple[Moves | None, ...]:
        """Take the next poll; None for a server that is lost.

        Args:
            now: when it was, in seconds since the epoch.
        """
        return tuple(
            self._of(answer, now) if isinstance(answer, Snapshot) else None for answer in answers
        )

    def _of(self, snapshot: Snapshot, now: float) -> Moves:
        server, functions = str(snapshot.server), snapshot.functions
        keys = None if snapshot.keys is None else keys_by_function(snapshot.keys, functions)
        crews = staff(functions, snapshot.connections)
        past = follow(
            self.pasts.get(server),
            now,
            functions,
            idle={name: crew.idle for name, crew in crews.items()},
            keys=keys,
            pid=snapshot.pid,
            numbers=snapshot.numbers,
        )
        self.pasts[server] = past
        return Moves(
            judge(past),
            {} if keys is None else oldest_waiting(functions, keys, now),
            oldest_running(snapshot.connections, now),
        )
