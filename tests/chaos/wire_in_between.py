"""A wire between gearmand and all that use it, which can be cut, torn, frozen and slowed."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import threading
import time
from collections import deque

JOB_CREATED = 8
JOB_ASSIGN_UNIQ = 31
JOB = re.compile(rb"g1\.([A-Za-z0-9_-]{22})\.")
HEADER = 12  # bytes
PACKETS_KEPT = 200_000
BYTES_KEPT = 240  # of a packet's body


class Wire:
    """Passes packets between any number of connections and one port, and keeps a log of them.

    Attributes:
        created_after: seconds by which JOB_CREATED, and what follows it, is late.
        late: seconds by which each packet is late.
        log: (seconds, connection, arrow, command, body) of the last packets.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listening.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.created_after = self.late = 0.0
        self.log: deque[tuple[float, int, str, int, bytes]] = deque(maxlen=PACKETS_KEPT)
        self._flowing = threading.Event()
        self._flowing.set()
        self._torn = False
        self._pairs: dict[int, tuple[socket.socket, socket.socket]] = {}
        self._count = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """End every connection at once."""
        for pair in list(self._pairs.values()):
            for sock in pair:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def half_close(self) -> None:
        """Let gearmand say no more on any connection; what it is told still arrives."""
        for theirs, _ in list(self._pairs.values()):
            with contextlib.suppress(OSError):
                theirs.shutdown(socket.SHUT_WR)

    def tear(self) -> None:
        """End the next packet in the middle, and its connection with it."""
        self._torn = True

    def freeze(self) -> None:
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def close(self) -> None:
        self.thaw()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def told_of(self, payload: bytes) -> list[str]:
        """The packets of the job with this payload, whatever delivery and in whatever envelope."""
        packets = list(self.log)
        keys = (JOB.search(body) for *_, body in packets if payload in body)
        parts = [payload]
        for found in filter(None, keys):
            parts += [found[1], base64.urlsafe_b64decode(found[1] + b"==").hex().encode()]
        handles = {
            body.split(b"\0", 1)[0]
            for *_, command, body in packets
            if command == JOB_ASSIGN_UNIQ and any(part in body for part in parts)
        }
        return [
            f"{at:9.3f} #{number} {arrow} {command} {body!r}"
            for at, number, arrow, command, body in packets
            if any(part in body for part in parts) or body.split(b"\0", 1)[0] in handles
        ]

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                theirs, _ = self._listening.accept()
                try:
                    ours = socket.create_connection(("127.0.0.1", self._port), 2)
                except OSError:
                    theirs.close()  # gearmand is down
                    continue
                ours.settimeout(None)
                self._count += 1
                self._pairs[self._count] = (theirs, ours)
                for way in ((theirs, ours, "→"), (ours, theirs, "←")):
                    pump = (self._count, *way)
                    threading.Thread(target=self._pump, args=pump, daemon=True).start()

    def _pump(self, number: int, source: socket.socket, sink: socket.socket, arrow: str) -> None:
        held = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                held += data
                if not held.startswith((b"\0REQ", b"\0RES")):  # the admin protocol
                    sink.sendall(held)
                    held = b""
                while len(held) >= HEADER and len(held) >= HEADER + _size(held):
                    packet, held = held[: HEADER + _size(held)], held[HEADER + _size(held) :]
                    self._pass(number, packet, sink, arrow)
        for sock in (source, sink):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._pairs.pop(number, None)

    def _pass(self, number: int, packet: bytes, sink: socket.socket, arrow: str) -> None:
        command = int.from_bytes(packet[4:8], "big")
        body = packet[HEADER : HEADER + BYTES_KEPT]
        self.log.append((time.monotonic(), number, arrow, command, body))
        time.sleep(self.created_after if command == JOB_CREATED else self.late)
        if self._torn and len(packet) > HEADER:
            self._torn = False
            sink.sendall(packet[: HEADER + (len(packet) - HEADER) // 2])
            raise ConnectionAbortedError
        sink.sendall(packet)


def _size(held: bytes) -> int:
    return int.from_bytes(held[8:12], "big")
