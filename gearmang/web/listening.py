"""Where the page listens, and how its connections are bounded."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from gearmang.errors import GearmangError
from gearmang.protocol.server import Server

DEFAULT_PORT: Final = 8730
HEAD_TIMEOUT: Final = 10.0  # seconds from a connection's first byte to the end of a request's head
_MOST_HEAD: Final = 32 * 1024  # bytes of a request's head
_MOST_CONNECTIONS: Final = 500
_GRACE: Final = 5  # seconds that answers under way get at the end
_SOCKET_MODE: Final = 0o660
_HANDED: Final = 3  # the first descriptor that systemd hands over


class CannotListen(GearmangError):
    """The address cannot be listened on, or should not be."""


class Listen(NamedTuple):
    """An address to listen on: a host and port, or the path of a Unix socket.

    Attributes:
        inherited: systemd listens there, and has handed the socket to this process.
    """

    host: str
    port: int
    path: str | None = None
    inherited: bool = False

    @classmethod
    def parse(cls, text: str) -> Listen:
        """Read ``127.0.0.1:8730``, ``[::1]:8730``, ``unix:/run/gearmang/web.sock`` or ``systemd``.

        Raises:
            BadServer: it is none of these.
            CannotListen: it is ``systemd``, which handed no socket to this process.
        """
        if text == "systemd":
            return cls._handed()
        if text.startswith("unix:"):
            return cls("", 0, text.removeprefix("unix:"))
        server = Server.parse(text, DEFAULT_PORT)
        return cls(server.host, server.port)

    @classmethod
    def _handed(cls) -> Listen:
        """Where the socket listens that systemd opened for us (sd_listen_fds(3))."""
        ours = os.environ.get("LISTEN_PID") == str(os.getpid())
        if not ours or os.environ.get("LISTEN_FDS") != "1":
            raise CannotListen(
                "systemd handed no socket to this process; start gearmang-serve.socket, or name an"
                " address with --listen"
            )
        with socket.socket(fileno=os.dup(_HANDED)) as handed:
            name = handed.getsockname()
        if isinstance(name, str):
            return cls("", 0, name, inherited=True)
        return cls(str(name[0]), int(name[1]), inherited=True)

    @property
    def is_local(self) -> bool:
        """Whether only this host can connect."""
        if self.path is not None or self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"http://{Server(self.host, self.port)}/"

    def open(self) -> socket.socket:
        """A socket that listens.

        Raises:
            CannotListen: it is taken, or may not be made.
        """
        if self.inherited:
            return socket.socket(fileno=_HANDED)
        try:
            if self.path is not None:
                return _unix(Path(self.path))
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            opened = socket.create_server((self.host, self.port), family=family, backlog=128)
        except OSError as error:
            raise CannotListen(
                f"{self} cannot be listened on: {error.strerror or error}; name another --listen"
            ) from error
        return opened


def _unix(path: Path) -> socket.socket:
    try:
        if stat.S_ISSOCK(path.stat().st_mode):
            with socket.socket(socket.AF_UNIX) as asked:
                if asked.connect_ex(str(path)) != 0:
                    path.unlink()  # of an earlier process that was killed
    except FileNotFoundError:
        pass
    opened = socket.socket(socket.AF_UNIX)
    before = os.umask(0o777 & ~_SOCKET_MODE)
    try:
        opened.bind(str(path))
    except OSError:
        opened.close()
        raise
    finally:
        os.umask(before)
    opened.listen(128)
    return opened


class _Bounded(H11Protocol):
    """A connection that must send the head of a request in time: uvicorn would wait for ever."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()  # a request is being answered
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_TIMEOUT, self._end)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end(self) -> None:
        self._late = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


@contextmanager
def opened_until_told(where: Listen) -> Iterator[socket.socket]:
    """The address, listened on until the block ends or a signal ends it, with exit code 0."""

    def leave(*_: object) -> None:
        # uvicorn obeys a signal itself, and raises it once more when it has ended.
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    with where.open() as listening:
        try:
            yield listening
        finally:
            if where.path is not None and not where.inherited:
                Path(where.path).unlink(missing_ok=True)


def run(app: ASGIApp, opened: socket.socket) -> None:
    """Answer requests until SIGTERM or SIGINT; then those under way, and return."""
    config = uvicorn.Config(
        app,
        http=_Bounded,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # whom to believe is decided in `access`
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE,
        h11_max_incomplete_event_size=_MOST_HEAD,
    )
    uvicorn.Server(config).run(sockets=[opened])
