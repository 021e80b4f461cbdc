"""Servers that are not what they should be: each says something else than gearmand would."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

Manner = Callable[[socket.socket], None]


class Liar:
    """Listens on a free port of 127.0.0.1 and treats every connection in its manner.

    Args:
        manner: gets the connected socket, which is closed when it returns.
    """

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    self._manner(connection)
                except OSError:
                    pass  # the other side has heard enough


def says(reply: bytes, *, then_wait: bool = False) -> Manner:
    """Read a request, say the same to all of them, and close, or wait for the other to close."""

    def manner(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(reply)
        if then_wait:
            while connection.recv(65536):
                pass

    return manner


def drips(reply: bytes, seconds: float = 0.02) -> Manner:
    """Say a reply byte by byte, without end."""

    def manner(connection: socket.socket) -> None:
        connection.recv(65536)
        waiting = threading.Event()
        while True:
            for byte in reply:
                connection.sendall(bytes([byte]))
                waiting.wait(seconds)

    return manner


def floods(line: bytes) -> Manner:
    """Say a line for ever, as fast as it is read."""

    def manner(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"OK 1\n")
        while True:
            connection.sendall(line * 1000)

    return manner
