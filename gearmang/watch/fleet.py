"""Who works on what, and since when: the connections of one gearmand, summed up by function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import repeat
from typing import NamedTuple

from gearmang.protocol.entries import FunctionStatus, Peer
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


class Staff(NamedTuple):
    """The connections that serve one function; a worker that registered for four counts once here.

    Attributes:
        workers: how many there are.
        running: jobs of all functions that they serve: what may keep them busy.
        idle: of the workers, those that surely have no job; a connection may hold several jobs.
        serve: functions that they serve, this one included.
        busy: the share of the workers that may have a job, 1 at most.
    """

    workers: int
    running: int
    idle: int
    serve: int
    busy: float


def staff(functions: Iterable[FunctionStatus], connections: Iterable[Peer]) -> dict[str, Staff]:
    """Function → its workers; functions without workers are not in it.

    ``status`` counts registrations, of which one worker has several, and says of none whether it
    is busy: a worker is surely idle only where the jobs of all that it serves leave one over.
    """
    running = {function[0]: function[2] for function in functions}
    # Few kinds of workers serve many connections: each kind is looked at once.
    kinds = Counter(frozenset(one.functions) for one in connections if one.functions)
    found: dict[str, Staff] = {}
    shared: dict[str, list[frozenset[str]]] = {}  # functions that several kinds serve
    first: dict[str, frozenset[str]] = {}
    jobs_of: dict[frozenset[str], int] = {}
    for kind in sorted(kinds, key=len, reverse=True):
        jobs_of[kind] = sum(map(running.get, kind, repeat(0)))
        only = _staffed(kinds[kind], jobs_of[kind], len(kind))
        if not found:  # the largest kind, which may serve thousands
            found, first = dict.fromkeys(kind, only), dict.fromkeys(kind, kind)
            continue
        for name in kind:
            if name in first:
                shared.setdefault(name, [first[name]]).append(kind)
            else:
                found[name], first[name] = only, kind
    for name, serving in shared.items():
        # The largest kind may serve thousands: it is summed once, what others add one by one.
        largest = serving[0]
        more = {one for kind in serving[1:] for one in kind} - largest
        jobs = jobs_of[largest] + sum(map(running.get, more, repeat(0)))
        workers = sum(kinds[kind] for kind in serving)
        found[name] = _staffed(workers, jobs, len(largest) + len(more))
    return found


def _staffed(workers: int, jobs: int, functions: int) -> Staff:
    idle = max(0, workers - jobs)
    return Staff(workers, jobs, idle, functions, 1.0 - idle / workers)


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
