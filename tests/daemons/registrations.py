"""Workers that do nothing but stand in gearmand's lists: bare sockets, hundreds in a second."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gearmang.protocol import wire
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that

if TYPE_CHECKING:
    from typing_extensions import Self


class Registrations:
    """Connections to one gearmand, closed at the end of the block.

    Names and ids are bytes: gearmand takes nearly any.
    """

    def __init__(self, gearmand: Gearmand) -> None:
        self.gearmand = gearmand
        self.sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self.sockets:
            one.close()

    def connect(self) -> socket.socket:
        """A further connection that says nothing of itself."""
        made = socket.create_connection(("127.0.0.1", self.gearmand.port), timeout=10)
        self.sockets.append(made)
        return made

    def worker(self, functions: Sequence[bytes], client_id: bytes | None = None) -> socket.socket:
        """A worker that is registered when this returns."""
        made = self.connect()
        packets = [wire.request(wire.CAN_DO, name) for name in functions]
        if client_id is not None:
            packets.insert(0, wire.request(wire.SET_CLIENT_ID, client_id))
        made.sendall(b"".join(packets))
        self._settle(made)
        return made

    def submit(self, function: bytes, count: int = 1, *, unique: bytes | None = None) -> None:
        """Queue jobs in the background; each has a key of its own where none is given."""
        made = self.connect()
        for number in range(count):
            key = unique or b"%s-%d-%d" % (function[:40], made.fileno(), number)
            made.sendall(wire.request(wire.SUBMIT_JOB_BG, function, key, b"x"))
        self._settle(made)

    def submit_bare(self, function: bytes, data: bytes) -> None:
        """Queue a job in the background without any key."""
        made = self.connect()
        made.sendall(wire.request(wire.SUBMIT_JOB_BG, function, b"", data))
        self._settle(made)

    def submit_keys(self, jobs: Iterable[tuple[bytes, str]]) -> None:
        """Queue a job in the background for each function and unique key, over one connection."""
        made = self.connect()
        for function, key in jobs:
            made.sendall(wire.request(wire.SUBMIT_JOB_BG, function, key.encode(), b"x"))
            made.setblocking(False)
            try:
                made.recv(1 << 20)  # what it says of them, so that it goes on
            except BlockingIOError:
                pass
            made.setblocking(True)
        self._settle(made)

    def grab(self, worker: socket.socket) -> None:
        """Let a worker take one job, which then runs until the worker is closed."""
        worker.sendall(wire.request(wire.GRAB_JOB_UNIQ))
        self._settle(worker)

    def _settle(self, made: socket.socket) -> None:
        # gearmand answers in order: an echo is back when all before it is done.
        made.sendall(wire.request(wire.ECHO_REQ, b"settled"))
        received = bytearray()

        def is_back() -> bool:
            received.extend(made.recv(65536))
            return received.endswith(b"settled")

        await_that(is_back, "gearmand has done what it was sent")
