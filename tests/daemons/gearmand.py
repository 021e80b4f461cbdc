"""A real gearmand (Debian's gearman-job-server)."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.daemons.process import Process, await_that, free_port

PROGRAM = "/usr/sbin/gearmand"


class Gearmand(Process):
    """gearmand on a free port of 127.0.0.1.

    Args:
        folder: where its log, pid file and queue go.
        persistent: keep the queue in SQLite, so that it outlives a restart.
        options: further command-line options.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        persistent: bool = False,
        options: tuple[str, ...] = (),
    ) -> None:
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        queue = (
            ("-q", "libsqlite3", "--libsqlite3-db", str(folder / f"queue-{self.port}.db"))
            if persistent
            else ()
        )
        super().__init__(
            [
                PROGRAM,
                *("-l", "stderr", "-L", "127.0.0.1", "-p", str(self.port)),
                *("--pid-file", folder / f"gearmand-{self.port}.pid", *queue, *options),
            ],
            folder / f"gearmand-{self.port}.log",
        )

    def await_ready(self) -> None:
        await_that(self._answers, f"gearmand on {self.address} answers")

    def _answers(self) -> bool:
        self.require_running()
        try:
            return self.ask("getpid") == f"OK {self.pid}\n"
        except OSError:
            return False

    def ask(self, command: str, timeout: float = 2.0) -> str:
        """Send one admin command that is answered by one line, or by lines up to a dot."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            connection.sendall(command.encode() + b"\r\n")
            ending = (
                b"\n.\n"
                if command in {"status", "workers", "show jobs", "show unique jobs"}
                else b"\n"
            )
            reply = b""
            while not (reply.endswith(ending) or reply == b".\n"):
                more = connection.recv(65536)
                if not more:
                    raise ConnectionError(f"{self.address} closed")
                reply += more
            return reply.decode("utf-8", "backslashreplace")

    def functions(self) -> dict[str, tuple[int, int, int]]:
        """What ``status`` says: function → (total, running, workers)."""
        rows = (line.rsplit("\t", 3) for line in self.ask("status").splitlines()[:-1])
        return {name: (int(total), int(busy), int(workers)) for name, total, busy, workers in rows}
