"""Where ``gearmang fleet reload`` reaches a foreman, and what they say to each other.

An abstract socket, named for the configuration: no file is left behind, and none is needed where
nothing can be written. It is of the network namespace.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gearmang.errors import GearmangError
from gearmang.terminal import clean
from gearmang.worker.loop import Loop

RELOAD: Final = b"reload\n"
OVER: Final = "over"  # the last line where all went well
FAILED: Final = "failed"  # the last line where something did not
ASK_TIMEOUT: Final = 900.0  # seconds for a rolling restart
MOST_CALLERS: Final = 16
_CREDENTIALS: Final = struct.Struct("3i")  # pid, uid, gid: SO_PEERCRED of unix(7)

Told = Callable[[str], None]


class NoFleet(GearmangError):
    """There is no foreman for this configuration."""


def name_of(config: Path) -> bytes:
    """The name of the socket."""
    return b"\0gearmang-fleet:" + os.fsencode(config.resolve())[-90:]


class Hatch:
    """The foreman's side.

    Args:
        on_reload: called with who is to be told of it, line by line.

    Raises:
        OSError: somebody has that name already.
    """

    def __init__(self, config: Path, loop: Loop, on_reload: Callable[[Caller], None]) -> None:
        self._loop, self._on_reload = loop, on_reload
        self._callers: set[Caller] = set()
        self._sock = socket.socket(socket.AF_UNIX)
        try:
            self._sock.bind(name_of(config))
        except OSError:
            self._sock.close()
            raise
        self._sock.listen(4)
        self._sock.setblocking(False)
        loop.add(self._sock.fileno(), self._called)

    def descriptors(self) -> list[int]:
        """Those that a pool must not keep open."""
        return [self._sock.fileno(), *(caller.fileno() for caller in self._callers)]

    def close(self) -> None:
        """Be reached no more."""
        for caller in [*self._callers]:
            caller.close()
        self._loop.remove(self._sock.fileno())
        self._sock.close()

    def _called(self, _mask: int) -> None:
        try:
            sock, _ = self._sock.accept()
        except OSError:
            return
        _, user, _ = _CREDENTIALS.unpack(
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        # The name is open to all users of the host: only root and our own user may give orders.
        if user not in (0, os.geteuid()) or len(self._callers) >= MOST_CALLERS:
            sock.close()
            return
        self._callers.add(Caller(sock, self._loop, self._on_reload, self._callers.discard))


class Caller:
    """One who asked."""

    def __init__(
        self,
        sock: socket.socket,
        loop: Loop,
        on_reload: Callable[[Caller], None],
        on_close: Callable[[Caller], None],
    ) -> None:
        sock.setblocking(False)
        self._sock, self._loop = sock, loop
        self._on_reload, self._on_close = on_reload, on_close
        loop.add(sock.fileno(), self._hear)

    def fileno(self) -> int:
        """The descriptor that a pool must not keep open."""
        return self._sock.fileno()

    def tell(self, line: str) -> None:
        """Tell a line; one who does not listen misses it."""
        try:
            self._sock.send(f"{clean(line)}\n".encode())
        except OSError:
            pass

    def close(self) -> None:
        """There is no more to tell."""
        if self._sock.fileno() >= 0:
            self._loop.remove(self._sock.fileno())
            self._sock.close()
            self._on_close(self)

    def _hear(self, _mask: int) -> None:
        try:
            asked = self._sock.recv(64)
        except BlockingIOError:
            return
        except OSError:
            asked = b""
        if asked == RELOAD:
            self._on_reload(self)
        else:
            self.close()


def reload(config: Path, told: Told) -> bool:
    """Ask the foreman for a rolling restart, and wait for its end; whether all went well.

    Args:
        told: called with each line about it.

    Raises:
        NoFleet: nobody is there, or it ended before the restart was over.
    """
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(ASK_TIMEOUT)
        try:
            sock.connect(name_of(config))
            sock.sendall(RELOAD)
            with sock.makefile("r", encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    text = line.rstrip("\n")
                    if text in (OVER, FAILED):
                        return text == OVER
                    told(clean(text))
        except OSError as error:
            raise NoFleet(
                f"no fleet of {config} can be asked here ({error.strerror or error}); is it "
                "running, by this user, and with the same file?"
            ) from None
    raise NoFleet(f"the fleet of {config} hung up before its restart was over")
