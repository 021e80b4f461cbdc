"""Figures of workers for Prometheus, as OpenMetrics text over a small HTTP server in the loop."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from gearmang.errors import GearmangError
from gearmang.worker.loop import Loop, Stream

LONGEST_REQUEST: Final = 16 * 1024  # bytes
MOST_READERS: Final = 16
CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_FAMILIES: Final = (  # field, type, help
    ("done", "counter", "Attempts that succeeded."),
    ("failed", "counter", "Attempts that failed, deaths included."),
    ("deaths", "counter", "Attempts whose executor died or was killed."),
    ("slots", "gauge", "Slots that there are."),
    ("busy", "gauge", "Slots that have a job."),
    ("connections", "gauge", "Connections to gearmands that are up."),
)


class NoMetrics(GearmangError):
    """The address for the figures cannot be used."""


class Figures(NamedTuple):
    """The figures of one pool; counters are since its supervisor started."""

    function: str
    done: int = 0
    failed: int = 0
    deaths: int = 0
    slots: int = 0
    busy: int = 0
    connections: int = 0


def exposition(all_figures: Iterable[Figures]) -> str:
    """The text."""
    pools = list(all_figures)
    lines = []
    for field, kind, told in _FAMILIES:
        name = f"gearmang_worker_{field}"
        lines += [f"# TYPE {name} {kind}", f"# HELP {name} {told}"]
        total = "_total" if kind == "counter" else ""
        lines += [
            f'{name}{total}{{function="{_escaped(one.function)}"}} {getattr(one, field)}'
            for one in pools
        ]
    return "\n".join([*lines, "# EOF", ""])


class MetricsServer:
    """Answers every GET with the text.

    Args:
        address: ``HOST:PORT``.
        text: gives it.

    Raises:
        NoMetrics: nothing can be bound there.
    """

    def __init__(self, address: str, loop: Loop, text: Callable[[], str]) -> None:
        self._loop, self._text = loop, text
        self._readers: dict[Stream, bytearray] = {}
        host, _, port = address.rpartition(":")
        try:
            self._sock = socket.create_server((host.strip("[]"), int(port)))
        except (OSError, ValueError, OverflowError) as error:
            raise NoMetrics(f"figures cannot be served on {address!r}: {error}") from None
        self._sock.setblocking(False)
        loop.add(self._sock.fileno(), self._called)

    def descriptors(self) -> list[int]:
        """Those that another process must not keep open."""
        return [self._sock.fileno(), *(reader.sock.fileno() for reader in self._readers)]

    def close(self) -> None:
        """Answer no more."""
        for reader in [*self._readers]:
            self._end(reader)
        self._loop.remove(self._sock.fileno())
        self._sock.close()

    def _called(self, _mask: int) -> None:
        try:
            sock, _ = self._sock.accept()
        except OSError:
            return
        if len(self._readers) >= MOST_READERS:  # one who never asks makes room for one who may
            self._end(next(iter(self._readers)))
        reader = Stream(self._loop, sock, lambda: self._hear(reader))
        self._readers[reader] = bytearray()

    def _hear(self, reader: Stream) -> None:
        try:
            data = reader.sock.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        asked = self._readers.get(reader, bytearray())
        asked += data
        if not data or len(asked) > LONGEST_REQUEST:
            self._end(reader)
        elif b"\r\n\r\n" in asked or b"\n\n" in asked:
            asked.clear()
            body = self._text().encode()
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: {CONTENT_TYPE}\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            try:
                reader.send(head.encode(), body)
                if not reader.unsent:
                    reader.sock.shutdown(socket.SHUT_WR)
            except OSError:
                self._end(reader)

    def _end(self, reader: Stream) -> None:
        self._readers.pop(reader, None)
        reader.close()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
