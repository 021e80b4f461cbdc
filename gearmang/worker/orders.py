"""What a fleet's foreman tells the supervisor of a pool, and hears from it, over a socket pair.

Signals would not do: a service manager sends SIGTERM to all processes of the unit, and what the
foreman then says once more must not count as a second one.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

from gearmang.worker.loop import Loop

DRAIN: Final = b"drain"  # take no more jobs, end when the running ones have, however long it takes
STOP: Final = b"stop"  # the same within the grace
NOW: Final = b"now"  # end at once
QUIET: Final = b"quiet"  # take no more jobs
GO_ON: Final = b"go on"

READY: Final = "READY=1"  # every slot is registered at every server that answers
BROKEN: Final = "BROKEN="  # and why the code cannot be loaded
FIGURES: Final = "FIGURES="  # and a JSON list, `gearmang.worker.metrics.Figures`
LONGEST: Final = 8192  # bytes of one message


class Orders:
    """The supervisor's end.

    Args:
        sock: of type SOCK_SEQPACKET; it closes when the foreman is gone, which is a `STOP`.
        on_order: called in the loop with each order.
    """

    def __init__(self, sock: socket.socket, loop: Loop, on_order: Callable[[bytes], None]) -> None:
        sock.setblocking(False)
        self._sock, self._loop, self._on_order = sock, loop, on_order
        loop.add(sock.fileno(), self._hear)

    def fileno(self) -> int:
        """The descriptor that a nursery must not keep open."""
        return self._sock.fileno()

    def say(self, told: str) -> None:
        """Tell the foreman; never blocks, never raises."""
        try:
            self._sock.send(told.encode("utf-8", "backslashreplace")[:LONGEST])
        except OSError:
            pass  # it is gone, and we hear of that by ourselves

    def _hear(self, _mask: int) -> None:
        try:
            order = self._sock.recv(LONGEST)
        except BlockingIOError:
            return
        except OSError:
            order = b""
        if not order:
            self._loop.remove(self._sock.fileno())
        self._on_order(order or STOP)
