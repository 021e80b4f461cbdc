"""The gearmands of a client: the first one that can be reached is the one in use."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gearmang.errors import ServerLost
from gearmang.protocol.connection import Connection
from gearmang.protocol.server import Server

if TYPE_CHECKING:
    from gearmang.protocol import Tls


class Servers:
    """A round of servers.

    Args:
        servers: as `Server` or ``HOST:PORT``.
        tls: speak TLS with all of them.

    Raises:
        BadServer: an address cannot be read.
    """

    def __init__(self, servers: Sequence[Server | str] | Server | str, tls: Tls | None) -> None:
        if isinstance(servers, (str, Server)):
            servers = [servers]
        self._round = deque(
            Server.parse(server) if isinstance(server, str) else server for server in servers
        )
        if not self._round:
            raise ValueError("a client needs a server")
        self.tls = tls

    def __len__(self) -> int:
        return len(self._round)

    def pass_by(self) -> None:
        """Begin with another one from now on."""
        self._round.rotate(-1)

    def connect(self, timeout: float) -> Connection:
        """A connection to the first that can be reached.

        Args:
            timeout: seconds for all of them together.

        Raises:
            ServerLost: none can be reached; it names the last.
        """
        deadline = time.monotonic() + timeout
        failure: ServerLost | None = None
        for left in range(len(self._round), 0, -1):
            share = (deadline - time.monotonic()) / left
            try:
                return Connection(self._round[0], timeout=max(share, 0.001), tls=self.tls)
            except ServerLost as error:
                failure = error
                self.pass_by()
        raise failure or ServerLost("no server")
