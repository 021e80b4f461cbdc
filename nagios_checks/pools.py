"""How busy workers are: by pools of workers that share functions, not by function.

gearmand tells how many jobs of a function run and which functions a worker serves, not which worker
has which job. Where workers share functions only the sums over all of them say how busy they are:
one worker of four functions with one job is busy, not a quarter of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gearmang.protocol import FunctionStatus, Peer


class Pool(NamedTuple):
    """Workers that are bound together by the functions they share.

    Attributes:
        functions: all that they serve, by name.
        workers: how many there are.
        running: their jobs.
    """

    functions: tuple[str, ...]
    workers: int
    running: int

    @property
    def busy(self) -> float:
        """Per cent of the workers that have a job; a connection with several jobs is one worker."""
        return min(100.0, 100 * self.running / self.workers)


def pools(functions: Iterable[FunctionStatus], connections: Iterable[Peer]) -> dict[str, Pool]:
    """The pool of each function that any worker serves."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    serving = [peer.functions for peer in connections if peer.functions]
    for names in serving:
        first = root(names[0])
        for name in names[1:]:
            parent[root(name)] = first
    workers: dict[str, int] = {}
    for names in serving:
        workers[root(names[0])] = workers.get(root(names[0]), 0) + 1
    members: dict[str, list[str]] = {}
    for name in list(parent):
        members.setdefault(root(name), []).append(name)
    running: dict[str, int] = {}
    for status in functions:
        if status.name in parent:
            running[root(status.name)] = running.get(root(status.name), 0) + status.running
    return {
        name: Pool(tuple(sorted(names)), workers[top], running.get(top, 0))
        for top, names in members.items()
        for name in names
    }
