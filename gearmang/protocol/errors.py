"""What can go wrong between a monitor and a gearmand: four kinds, each with its server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gearmang.errors import GearmangError

if TYPE_CHECKING:
    from gearmang.protocol.server import Server


class AdminError(GearmangError):
    """One server gave no answer that can be trusted.

    Attributes:
        server: its address, HOST:PORT.
        problem: the sentence without the server's name.
    """

    def __init__(self, server: Server, problem: str) -> None:
        super().__init__(f"{server} {problem}")
        self.server = str(server)
        self.problem = problem


class Unreachable(AdminError):
    """No connection: refused, no route, an unknown name, a TLS file that cannot be read."""


class TimedOut(AdminError):
    """Not everything was there before the deadline: a frozen gearmand, a dropped packet."""


class ProtocolError(AdminError):
    """Something answered, but not as gearmand does, or only half of it."""


class Refused(AdminError):
    """gearmand said ERR, or the admin protocol cannot carry what was asked for."""


class BadReply(ValueError):
    """Bytes that are no reply; becomes a `ProtocolError` where the server is known."""


class RefusedReply(ValueError):
    """An ERR reply; becomes `Refused` where the server is known."""
