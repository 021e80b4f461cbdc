"""A gearmand seen through a wire that holds its confirmations back."""

import socket
import threading
import time
from contextlib import suppress

JOB_CREATED = 8
_HEADER = 12  # bytes


class SlowConfirmations:
    """Passes everything on at once, but JOB_CREATED, and what follows it, only after a while.

    Args:
        delay: seconds.
        lasting: seconds; what is confirmed later passes at once.
    """

    def __init__(self, port: int, delay: float, lasting: float) -> None:
        self.delay = delay
        self._until = time.monotonic() + lasting
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._all: list[socket.socket] = [self._listening]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        for sock in self._all:
            sock.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                theirs, _ = self._listening.accept()
                ours = socket.create_connection(("127.0.0.1", self._port))
                self._all += [theirs, ours]
                for pump in ((theirs, ours, False), (ours, theirs, True)):
                    threading.Thread(target=self._pump, args=pump, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        held = b""
        with suppress(OSError):
            while data := source.recv(65536):
                if not answers or not (held + data).startswith(b"\0RES"):
                    sink.sendall(data)
                    continue
                held += data
                while len(held) >= _HEADER:
                    size = _HEADER + int.from_bytes(held[8:12], "big")
                    if len(held) < size:
                        break
                    if int.from_bytes(held[4:8], "big") == JOB_CREATED and (
                        time.monotonic() < self._until
                    ):
                        time.sleep(self.delay)
                    sink.sendall(held[:size])
                    held = held[size:]
        for sock in (source, sink):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
