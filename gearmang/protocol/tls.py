"""What TLS towards gearmand needs to know; the handshake is imported only where it is asked for."""

from __future__ import annotations

from typing import NamedTuple


class Tls(NamedTuple):
    """How to trust a server, and who to be.

    Attributes:
        ca: file of the certificates that the server's must be signed by; None: the system's.
        cert: file of our own certificate, where the server wants one.
        key: file of its private key; None: it is in ``cert``.
        server_name: the name that the server's certificate must be for; None: the host.
    """

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    server_name: str | None = None


_of_all: Tls | None = None


def encrypt_all(tls: Tls | None) -> None:
    """Have all connections of this process that are not told otherwise speak TLS: a command's."""
    global _of_all  # one setting of one process, made once, before any connection
    _of_all = tls


def settings_of_all() -> Tls | None:
    """What `encrypt_all` was given; None: connections are in plaintext."""
    return _of_all
