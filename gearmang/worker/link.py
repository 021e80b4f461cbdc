"""The supervisor's connection to one gearmand: never blocking, made again for ever."""

from __future__ import annotations

import random
import socket
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from gearmang.protocol import wire
from gearmang.protocol.channel import HINT, connect, is_secured
from gearmang.protocol.connection import RECEIVE_SIZE, prepared
from gearmang.protocol.errors import AdminError
from gearmang.protocol.server import Server
from gearmang.protocol.wire import Decoder, Packet
from gearmang.worker import makes
from gearmang.worker.loop import Clock, Conversation, Loop, Stream

if TYPE_CHECKING:
    from gearmang.protocol import Tls
    from gearmang.worker.secured import Secured

FIRST_RETRY: Final = 0.2  # seconds
LAST_RETRY: Final = 4.0  # seconds; a server that comes back is in use within 5
CONNECT_TIMEOUT: Final = 5.0  # seconds
STUCK_AFTER: Final = 30.0  # seconds in which a server took nothing of what we have to send
NAMES: Final = 4096  # bytes: handle, function and key of a job that is too large to be taken

_ASLEEP: Final = wire.request(wire.PRE_SLEEP)
_ALIVE: Final = wire.request(
    wire.ECHO_REQ, b"gearmang"
)  # whose answer tells that it is no frozen one
GRAB: Final = wire.request(wire.GRAB_JOB_UNIQ)


class Awaited(NamedTuple):
    """A copy that was submitted on a link; one of the three is called, once.

    Attributes:
        created: gearmand has it.
        refused: gearmand does not take it; called with a sentence.
        lost: the connection ended before gearmand said either.
        deadline: by the monotonic clock.
        aside: other jobs may be asked for meanwhile.
    """

    created: Callable[[], None]
    refused: Callable[[str], None]
    lost: Callable[[], None]
    deadline: float
    aside: bool = False


class Link:
    """One gearmand.

    Args:
        client_id: by which monitors know the worker.
        registers: the requests that say what it can do.
        longest: bytes of the largest job that is taken whole.
        on_change: called with a sentence when the link is up or lost.

    Attributes:
        up: connected and registered.
        awake: the server has said that there may be jobs.
        asked: a GRAB_JOB has not been answered yet.
        number: which connection to the server this is; a job belongs to the one it came by.
        on_packet: called with the link and each packet that is not an answer to `submit`.
        ahead: seconds that the server's clock is known to be ahead of ours.
        keyless: the server, Perl's Gearman::Server, gives jobs without their unique keys.
        timeless: the server, of another make than gearmand, takes no scheduled jobs.
    """

    def __init__(
        self,
        server: Server,
        loop: Loop,
        clock: Clock,
        *,
        client_id: str,
        registers: bytes,
        longest: int,
        on_change: Callable[[Link, str], None],
        tls: Tls | None = None,
    ) -> None:
        self.server = server
        self.up = False
        self.awake = False
        self.asked = False
        self.number = 0
        self.ahead = 0.0
        self.keyless = self.timeless = False
        self._echoed = False
        self.polled_at = 0.0
        self.retry_at = 0.0
        self.awaited: deque[Awaited] = deque()
        self.on_packet: Callable[[Link, Packet], None]
        self._loop, self._clock, self._tls = loop, clock, tls
        self._name = wire.request(wire.SET_CLIENT_ID, client_id.encode())
        self._registers = registers
        self._longest = longest
        self._on_change = on_change
        self._stream: Stream | None = None
        self._decoder = Decoder()
        self._connecting: Conversation[socket.socket] | None = None
        self._delay = FIRST_RETRY
        self._sent_at = 0.0
        self._is_secured = False
        self._well: bool | None = None  # None until the first answer or failure

    @property
    def is_settled(self) -> bool:
        """Whether the server has answered on this connection, or cannot be reached now."""
        return (self.up and self._well is True) or self._well is False

    @property
    def is_free(self) -> bool:
        """Whether a job may be asked for: no copy must be settled first."""
        return all(awaited.aside for awaited in self.awaited)

    def tick(self, now: float) -> None:
        """Connect when it is time to; give up what has waited for too long."""
        if self._connecting is not None:
            self._connecting.tick(now)
        elif self._stream is None:
            if now >= self.retry_at:
                steps = connect(self.server, self._tls, now + CONNECT_TIMEOUT)
                self._connecting = Conversation(self._loop, steps, self._connected)
                self._connecting.start()
        elif self.awaited and now >= self.awaited[0].deadline:
            self.lose("did not say in time that it queued a job")
        elif self._stream.unsent and now - self._sent_at > STUCK_AFTER:
            self.lose(f"has taken nothing for {STUCK_AFTER:g} s")

    def next_tick(self) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        if self._connecting is not None:
            return self._connecting.until
        if self._stream is None:
            return self.retry_at
        if self.awaited:
            return self.awaited[0].deadline
        return self._sent_at + STUCK_AFTER if self._stream.unsent else float("inf")

    def send(self, *parts: bytes) -> None:
        """Send requests; a link that is broken is made again."""
        if self._stream is None:
            return
        if not self._stream.unsent:
            self._sent_at = self._clock.monotonic()
        try:
            self._stream.send(*parts)
        except OSError as error:
            self.lose(f"broke the connection ({error.strerror})")

    def grab(self, before: bytes = b"") -> None:
        """Ask for a job, in one write with what is to be sent before."""
        self.asked = True
        self.send(before + (makes.GRAB_WITHOUT_KEY if self.keyless else GRAB))

    def sleep(self) -> None:
        """Ask to be woken when there is a job."""
        self.awake = False
        self.polled_at = self._clock.monotonic()
        self.send(_ASLEEP)

    def rename(self, client_id: str) -> None:
        """Be another one to all monitors, from now on and after each reconnect."""
        self._name = wire.request(wire.SET_CLIENT_ID, client_id.encode())
        self.send(self._name)

    def submit(self, parts: tuple[bytes, bytes], awaited: Awaited) -> None:
        """Submit a copy; exactly one of the callbacks is called."""
        self.awaited.append(awaited)
        self.send(*parts)

    def lose(self, why: str) -> None:
        """Close the connection; gearmand gives our jobs to other workers. Try again later."""
        self._delay = min(self._delay * 2, LAST_RETRY)
        jitter = random.uniform(0.5, 1.0)  # noqa: S311  # spreads reconnects, hides nothing
        self.retry_at = self._clock.monotonic() + self._delay * jitter
        self._close()
        if self._well is not False:  # said once, not every four seconds
            self._well = False
            self._on_change(self, why)

    def part(self, timeout: float) -> None:
        """Close in peace: what was sent arrives before the connection ends."""
        if self._stream is not None:
            sock = self._stream.sock
            try:
                # A close with unread bytes would be a reset, which can overtake WORK_COMPLETE.
                sock.setblocking(True)
                sock.settimeout(timeout)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(RECEIVE_SIZE):
                    pass
            except OSError:
                pass
        self._close()

    def descriptors(self) -> tuple[int, ...]:
        """The descriptors that an executor must not keep open."""
        if self._stream is not None:
            return (self._stream.sock.fileno(),)
        return self._connecting.descriptors() if self._connecting is not None else ()

    def _close(self) -> None:
        self.up = self.awake = self.asked = False
        self.ahead = 0.0
        connecting, self._connecting = self._connecting, None
        if connecting is not None:
            connecting.close()
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        awaited, self.awaited = self.awaited, deque()
        for one in awaited:
            one.lost()

    def _connected(self, made: socket.socket | AdminError) -> None:
        self._connecting = None
        if isinstance(made, AdminError):
            self.lose(str(made).removeprefix(f"{self.server} "))
            return
        self._decoder = Decoder(self._longest + NAMES, NAMES)
        sock: socket.socket | Secured = prepared(made)
        self._is_secured = is_secured(made)
        if self._is_secured:  # a worker in plaintext does not load the module of TLS
            from gearmang.worker.secured import Secured

            sock = Secured(made)
        self._stream = Stream(self._loop, sock, self._read)
        self._sent_at = self.polled_at = self._clock.monotonic()
        self.number += 1
        self.up = True
        self._echoed = self.timeless = self.keyless = False  # it may be another server now
        self.send(self._name + self._registers + _ALIVE + _ASLEEP)

    def _read(self) -> None:
        if self._stream is None:
            return
        number = self.number
        try:
            data = self._stream.sock.recv(RECEIVE_SIZE)
            if not data:
                self.lose(f"closed the connection{self._hint()}")
                return
            for packet in self._decoder.feed(data):
                self._take(packet)
                if self._stream is None or self.number != number:
                    return
        except BlockingIOError:
            return
        except OSError as error:
            self.lose(f"broke the connection ({error.strerror}){self._hint()}")
        except wire.BadPacket as error:
            self.lose(str(error))

    def _hint(self) -> str:
        """What may be wrong where a server has not said one word."""
        return "" if self._well or self._is_secured else HINT

    def _take(self, packet: Packet) -> None:
        if not self._well:
            self._well = True
            self._on_change(self, "is connected")
        self._delay = FIRST_RETRY
        command = packet.command
        if command == wire.JOB_CREATED and self.awaited:
            self.awaited.popleft().created()
        elif command == wire.ERROR:
            self._refused(packet.body)
        elif command == wire.ECHO_RES:
            self._echoed = True
        else:
            if not self._echoed and command in makes.ANSWERS:
                self._echoed = self.timeless = True
                self._on_change(self, makes.TIMELESS)
            self.on_packet(self, packet if command != wire.JOB_ASSIGN else makes.with_key(packet))

    def _refused(self, body: bytes) -> None:
        code, _, text = body.partition(b"\0")
        told = (text or code).decode("utf-8", "backslashreplace")[:200].strip()
        if code == makes.UNKNOWN and self.asked and not self.keyless and not self.awaited:
            self.keyless = self.timeless = True
            self._on_change(self, makes.KEYLESS.format(told))
            self.send(makes.GRAB_WITHOUT_KEY)
        elif code in makes.NOT_OURS:
            pass  # it says nothing of a copy
        elif self.awaited:
            self.awaited.popleft().refused(told)
        else:
            self._on_change(self, f"says: {told}")
