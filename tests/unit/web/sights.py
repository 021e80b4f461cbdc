"""Sights for tests, as a poll would give them."""

from __future__ import annotations

from collections.abc import Sequence

from gearmang.protocol.entries import FunctionStatus, Peer, PriorityStatus
from gearmang.protocol.errors import AdminError, Unreachable
from gearmang.protocol.server import Server
from gearmang.watch.overview import overview
from gearmang.watch.poll import Snapshot
from gearmang.web.following import Following
from gearmang.web.letters_counted import Counted
from gearmang.web.polling import Sight

NOW = 1_790_000_000.0


def snapshot(
    *functions: tuple[str, int, int, int],
    server: str = "gm1:4730",
    connections: Sequence[Peer] = (),
    priorities: tuple[PriorityStatus, ...] | None = None,
) -> Snapshot:
    """One gearmand with functions (name, total, running, workers)."""
    return Snapshot(
        server=Server.parse(server),
        functions=tuple(FunctionStatus(*one) for one in functions),
        connections=tuple(connections),
        version="1.1.20",
        pid=7,
        reply_seconds=0.001,
        priorities=priorities,
    )


def lost(server: str = "gm2:4730") -> AdminError:
    return Unreachable(Server.parse(server), "refused the connection; is gearmand running?")


def sight(*answers: Snapshot | AdminError, letters: Counted | None = None) -> Sight:
    return Sight(NOW, overview(answers, NOW), Following().moves(answers, NOW), letters)
