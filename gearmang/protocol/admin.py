"""The admin client: gearmand's admin commands as methods, each with a deadline."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gearmang.protocol import replies
from gearmang.protocol.channel import connect, converse
from gearmang.protocol.entries import FunctionStatus, Peer, PriorityStatus, QueuedJob
from gearmang.protocol.errors import (
    AdminError,
    BadReply,
    ProtocolError,
    Refused,
    RefusedReply,
    Unreachable,
)
from gearmang.protocol.exchange import DEFAULT_MEMORY, Command, Exchange
from gearmang.protocol.server import DEFAULT_PORT, Server
from gearmang.protocol.steps import Steps, drive

if TYPE_CHECKING:
    from typing_extensions import Self

    from gearmang.protocol.tls import Tls

DEFAULT_TIMEOUT = 2.0  # seconds


class AdminClient:
    """One connection to a gearmand's admin commands, made by the first command.

        with AdminClient("gm1") as admin:
            waiting = {function.name: function.waiting for function in admin.status()}

    Args:
        host: a name, an IPv4 or an IPv6 address.
        port: gearmand's port.
        timeout: seconds for each command, the connection included where it is made.
        tls: speak TLS, and trust whom.
        memory: bytes that one reply may take, parsed; more is a `ProtocolError`.

    Every method raises `Unreachable`, `TimedOut`, `ProtocolError` or `Refused`, and nothing else.
    After the first three the connection is closed; the next command makes another.
    """

    def __init__(
        self,
        host: str,
        port: int = DEFAULT_PORT,
        timeout: float = DEFAULT_TIMEOUT,
        tls: Tls | None = None,
        *,
        memory: int = DEFAULT_MEMORY,
    ) -> None:
        self.server = Server(host, port)
        self.timeout = timeout
        self.tls = tls
        self.memory = memory
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; may be called again, and the client used again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def status(self) -> tuple[FunctionStatus, ...]:
        """Every function with its jobs and workers."""
        return self._ask(Command(b"status", replies.status))  # type: ignore[no-any-return]

    def priority_status(self) -> tuple[PriorityStatus, ...]:
        """Every function with its waiting jobs by priority; gearmand 1.1.20 and later."""
        return self._ask(Command(b"prioritystatus", replies.priority_status))  # type: ignore[no-any-return]

    def workers(self, functions: Collection[str] | None = None) -> tuple[Peer, ...]:
        """Every connection: workers, clients and this one.

        Args:
            functions: names from `status`, which alone tell names that hold spaces apart.
        """
        return self._ask(Command(b"workers", partial(replies.workers, known=functions)))  # type: ignore[no-any-return]

    def jobs(self) -> tuple[QueuedJob, ...]:
        """Every job in the queue (``show jobs``)."""
        return self._ask(Command(b"show jobs", replies.jobs))  # type: ignore[no-any-return]

    def unique_jobs(self) -> tuple[str, ...]:
        """The unique key of every job in the queue (``show unique jobs``)."""
        return self._ask(Command(b"show unique jobs", replies.unique_jobs))  # type: ignore[no-any-return]

    def cancel_job(self, handle: str) -> None:
        """Take a waiting job out; it stays counted as a ghost until a worker comes upon it."""
        self._ask(Command(b"cancel job " + self._argument(handle), replies.done))

    def version(self) -> str:
        """gearmand's version, ``1.1.20+ds``."""
        return self._ask(Command(b"version", replies.version))  # type: ignore[no-any-return]

    def getpid(self) -> int:
        """gearmand's process id on its host; refused by servers of another make."""
        pid = self._exchange(()).pid
        if pid is None:
            raise Refused(self.server, "does not tell its process id: it is no gearmand")
        return pid

    def verbose(self) -> str:
        """gearmand's log level, ``ERROR``."""
        return self._ask(Command(b"verbose", replies.verbosity))  # type: ignore[no-any-return]

    def create_function(self, name: str) -> None:
        """Make a function known before a worker registers it."""
        self._ask(Command(b"create function " + self._argument(name), replies.done))

    def drop_function(self, name: str) -> None:
        """Forget a function; refused while it has workers."""
        self._ask(Command(b"drop function " + self._argument(name), replies.done))

    def maxqueue(self, function: str, *sizes: int) -> None:
        """Bound a function's queue; gearmand says OK for a function that it does not know, too.

        Args:
            function: its name.
            sizes: jobs for all priorities, or three numbers for high, normal and low; none at all:
                no bound. 0 is no bound.
        """
        if len(sizes) not in (0, 1, 3) or any(size < 0 for size in sizes):
            raise Refused(self.server, "takes one size of 0 or more, or three, for `maxqueue`")
        words = [self._argument(function), *(b"%d" % size for size in sizes)]
        self._ask(Command(b"maxqueue " + b" ".join(words), replies.done))

    def _argument(self, text: str) -> bytes:
        data = text.encode("utf-8", "surrogateescape")
        if not data or any(byte in data for byte in b" \t\r\n\0"):
            raise Refused(
                self.server,
                f"cannot be sent the name {replies.excerpt(data)}: spaces "
                "and line ends would split it",
            )
        return data

    def _ask(self, command: Command) -> Any:
        exchange = self._exchange((command,))
        try:
            return exchange.results()[0]
        except RefusedReply as refusal:
            raise Refused(self.server, str(refusal)) from None
        except BadReply as error:
            self.close()
            raise ProtocolError(self.server, str(error)) from None

    def _exchange(self, commands: Sequence[Command]) -> Exchange:
        exchange = Exchange(commands, self.memory)
        try:
            problem = drive([self._steps(exchange, time.monotonic() + self.timeout)])[0]
        except OSError as error:  # no descriptor for the selector
            problem = Unreachable(self.server, f"cannot be asked: {error.strerror}")
        if isinstance(problem, AdminError):
            self.close()
            raise problem
        return exchange

    def _steps(self, exchange: Exchange, deadline: float) -> Steps[None]:
        if self._socket is None:
            self._socket = yield from connect(self.server, self.tls, deadline)
        yield from converse(self._socket, self.server, exchange, deadline)
