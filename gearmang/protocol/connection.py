"""One connection to one gearmand, where no wait is without its deadline."""

from __future__ import annotations

import select
import socket
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final

from gearmang.errors import ServerLost
from gearmang.protocol import wire
from gearmang.protocol.channel import HINT, connect, is_secured
from gearmang.protocol.errors import AdminError
from gearmang.protocol.server import Server
from gearmang.protocol.steps import drive
from gearmang.protocol.wire import Decoder, Packet

if TYPE_CHECKING:
    from typing_extensions import Self

    from gearmang.protocol import Tls

DEFAULT_TIMEOUT: Final = 10.0  # seconds

# A NAT forgets a silent connection: it is kept alive, and given up in under two minutes.
KEEPALIVE_IDLE: Final = 60  # seconds of silence before the first probe
KEEPALIVE_INTERVAL: Final = 10  # seconds between two probes
KEEPALIVE_PROBES: Final = 5  # without an answer
# Above 128 KiB each recv would cost malloc an mmap and a munmap.
RECEIVE_SIZE: Final = 64 * 1024  # bytes taken from a socket at once


class Connection:
    """A connection that speaks Gearman's binary protocol.

    Args:
        server: the gearmand.
        timeout: the most that connecting, or one `send`, may take, in seconds.
        tls: encrypt; a server that answers in plaintext is refused.
        longest, kept: bytes of the longest packet, and of a longer one, as for `Decoder`.

    Raises:
        ServerLost: the server cannot be reached within the timeout.
    """

    def __init__(
        self,
        server: Server,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        tls: Tls | None = None,
        longest: int = wire.LONGEST_PACKET,
        kept: int | None = None,
    ) -> None:
        self.server = server
        self._timeout = timeout
        self._decoder = Decoder(longest, kept)
        connected = drive([connect(server, tls, time.monotonic() + timeout)])[0]
        if isinstance(connected, AdminError):
            raise ServerLost(str(connected))
        self._socket = prepared(connected)
        self._hint = "" if is_secured(connected) else HINT  # until it has said something

    def send(self, *requests: bytes, timeout: float | None = None) -> None:
        """Send requests made by `wire.request`, in as few writes as the kernel allows.

        Args:
            timeout: the most that it may take, in seconds; the connection's own by default.

        Raises:
            ServerLost: the connection broke, or the server did not take all in time.
        """
        try:
            self._socket.settimeout(self._timeout if timeout is None else max(timeout, 0.001))
            self._socket.sendall(b"".join(requests))
        except OSError as error:
            raise self._lost("took no request", error) from None

    def receive(self, timeout: float) -> list[Packet]:
        """Wait for packets and return those that have come, without waiting for more.

        Args:
            timeout: seconds to wait at most; 0 takes only what is there.

        Returns:
            The packets; an empty list when none was complete by then.

        Raises:
            ServerLost: the connection broke, or what came is no packet.
        """
        deadline = time.monotonic() + timeout
        while True:
            wait = max(deadline - time.monotonic(), 0.0)
            try:
                self._socket.settimeout(wait)
                data = self._socket.recv(RECEIVE_SIZE)
                if not data:
                    raise self._lost("closed the connection")
                self._hint = ""
                packets = list(self._decoder.feed(data))
            except (socket.timeout, BlockingIOError):  # TimeoutError's name before Python 3.10
                return []
            except wire.BadPacket as error:
                raise self._lost("sent nonsense", error) from None
            except OSError as error:
                if type(error).__name__ != "SSLWantReadError":
                    raise self._lost("broke the connection", error) from None
                packets = []  # TLS holds a part of a record
                select.select([self._socket], [], [], wait)
            if packets or time.monotonic() >= deadline:
                return packets

    def fileno(self) -> int:
        """The socket's descriptor, for selectors."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close it; gearmand then gives jobs that were not completed to other workers."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _lost(self, what: str, error: Exception | None = None) -> ServerLost:
        if isinstance(error, (socket.timeout, TimeoutError)):
            what += f" within {self._timeout:g} s"
        elif error is not None:
            what += f" ({getattr(error, 'strerror', None) or error})"
        hint = self._hint or "; is it running and well there?"
        return ServerLost(f"gearmand {self.server} {what}{hint}")


def prepared(connected: socket.socket) -> socket.socket:
    """The socket, set to send at once and to notice a host that has vanished."""
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    unanswered = KEEPALIVE_IDLE + KEEPALIVE_INTERVAL * KEEPALIVE_PROBES
    for option, value in (
        (socket.TCP_KEEPIDLE, KEEPALIVE_IDLE),
        (socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL),
        (socket.TCP_KEEPCNT, KEEPALIVE_PROBES),
        (socket.TCP_USER_TIMEOUT, unanswered * 1000),  # the same for what was sent meanwhile
    ):
        connected.setsockopt(socket.IPPROTO_TCP, option, value)
    return connected
