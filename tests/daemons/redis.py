"""A real Redis, for RQ's workers."""

import socket
from pathlib import Path

from tests.daemons.process import Process, await_that, free_port

PROGRAM = "/usr/bin/redis-server"


class Redis(Process):
    """redis-server on a free port of 127.0.0.1, without persistence."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder)
        super().__init__([PROGRAM, *options], folder / "redis.log")

    def await_ready(self) -> None:
        await_that(self._answers, "redis answers")

    def _answers(self) -> bool:
        self.require_running()
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
