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
