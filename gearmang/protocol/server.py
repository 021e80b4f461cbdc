"""Where a gearmand listens: HOST, HOST:PORT or [IPV6]:PORT."""

from __future__ import annotations

import socket
from typing import NamedTuple

from gearmang.errors import BadServer

DEFAULT_PORT = 4730  # IANA's port for gearman
HIGHEST_PORT = 65_535


class Server(NamedTuple):
    """The address of one gearmand; ``str()`` gives it back as ``HOST:PORT``."""

    host: str
    port: int = DEFAULT_PORT

    @classmethod
    def parse(cls, text: str, default_port: int = DEFAULT_PORT) -> Server:
        """Read an address as people write it.

        ``gm1`` → gm1:4730, ``gm1:4731``, ``::1`` → [::1]:4730, ``[::1]:4731``.

        Raises:
            BadServer: no host, or a port that is not a number from 1 to 65535.
        """
        host, port = _split(text.strip())
        if not host or any(character.isspace() for character in host) or "/" in host:
            raise BadServer(f"{text!r} is no server address; write HOST, HOST:PORT or [IPV6]:PORT")
        if port is None:
            return cls(host, default_port)
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= HIGHEST_PORT):
            raise BadServer(f"{text!r}: the port must be a number from 1 to {HIGHEST_PORT}")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _split(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return "", None
        return host if _is_ipv6(host) else "", rest[1:] if rest else None
    if text.count(":") > 1:
        return text if _is_ipv6(text) else "", None
    host, colon, port = text.partition(":")
    return host, port if colon else None


def _is_ipv6(host: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6, host.partition("%")[0])  # fe80::1%eth0 names a link
    except (OSError, ValueError):
        return False
    return True
