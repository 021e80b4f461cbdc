"""A TLS socket that behaves as a plain one does in a loop: it says so when it would block."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Final

SLICE: Final = 64 * 1024  # bytes encrypted at once; what is tried again must be the same bytes


class Secured:
    """Stands for a socket that `gearmang.protocol.handshake.secure` has made.

    OpenSSL may want to read in order to write and the other way about, but only while it shakes
    hands, and later handshakes are off (`gearmang.protocol.handshake`).
    """

    def __init__(self, sock: socket.socket) -> None:
        assert isinstance(sock, ssl.SSLSocket)  # noqa: S101  # tells the type checker
        self._sock = sock
        self.fileno = sock.fileno
        self.setblocking = sock.setblocking
        self.settimeout = sock.settimeout
        self.close = sock.close

    def send(self, data: bytes | memoryview) -> int:
        """Send a beginning of the data; how many bytes.

        Raises:
            BlockingIOError: nothing can be sent now; the same data must be tried again.
            OSError: the connection is broken.
        """
        try:
            return self._sock.send(memoryview(data)[:SLICE])
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None

    def recv(self, size: int) -> bytes:
        """What has come: at least all that OpenSSL has taken from the kernel, which wakes no loop.

        Raises:
            BlockingIOError: nothing has.
            OSError: the connection is broken.
        """
        try:
            data = self._sock.recv(size)
            while data and self._sock.pending():
                more = self._sock.recv(size)
                if not more:
                    break
                data += more
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        return data

    def shutdown(self, how: int) -> None:
        """Say that no more will come, in TLS and below; what was sent before arrives."""
        timeout = self._sock.gettimeout()
        self._sock.setblocking(False)
        with contextlib.suppress(OSError, ValueError):
            self._sock.unwrap()  # sends its part at once, and does not wait for the other's
        self._sock.settimeout(timeout)
        self._sock.shutdown(how)
