"""The supervisor's connection to one gearmand: never blocking, made again for ever."""

from __future__ import annotations

import random
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from gearmang.protocol import wire
from gearmang.protocol.channel import connect
from gearmang.protocol.connection import RECEIVE_SIZE, prepared
from gearmang.protocol.errors import AdminError
from gearmang.protocol.server import Server
from gearmang.protocol.steps import WRITE as WANTS_WRITE
from gearmang.protocol.steps import Steps, Wait
from gearmang.protocol.wire import Decoder, Packet
from gearmang.worker.loop import READ, WRITE, Loop, Stream

FIRST_RETRY: Final = 0.2  # seconds
LAST_RETRY: Final = 4.0  # seconds; a server that comes back is in use within 5
CONNECT_TIMEOUT: Final = 5.0  # seconds
STUCK_AFTER: Final = 30.0  # seconds in which a server took nothing of what we have to send

_ASLEEP: Final = wire.request(wire.PRE_SLEEP)
_ALIVE: Final = wire.request(
    wire.ECHO_REQ, b"gearmang"
)  # whose answer tells that it is no frozen one
GRAB: Final = wire.request(wire.GRAB_JOB_UNIQ)


class Awaited(NamedTuple):
    """A copy that was submitted on a link.

    Attributes:
        created: called once gearmand has it.
        refused: called with a sentence when gearmand refuses it.
        deadline: by the monotonic clock.
    """

    created: Callable[[], None]
    refused: Callable[[str], None]
    deadline: float


class Link:
    """One gearmand.

    Args:
        hello: the requests that register the worker.
        on_packet: called with the link and each packet that is not an answer to `submit`.
        on_change: called with a sentence when the link is up or lost.

    Attributes:
        up: connected and registered.
        awake: the server has said that there may be jobs.
        asked: a GRAB_JOB has not been answered yet.
        number: which connection to the server this is; a job belongs to the one it came by.
    """

    def __init__(
        self,
        server: Server,
        loop: Loop,
        *,
        hello: bytes,
        on_packet: Callable[[Link, Packet], None],
        on_change: Callable[[Link, str], None],
    ) -> None:
        self.server = server
        self.up = False
        self.awake = False
        self.asked = False
        self.number = 0
        self.polled_at = 0.0
        self.retry_at = 0.0
        self.awaited: deque[Awaited] = deque()
        self._loop = loop
        self._hello = hello
        self._on_packet = on_packet
        self._on_change = on_change
        self._stream: Stream | None = None
        self._decoder = Decoder()
        self._steps: Steps[socket.socket] | None = None
        self._wait: Wait | None = None
        self._delay = FIRST_RETRY
        self._sent_at = 0.0
        self._well: bool | None = None  # None until the first answer or failure

    def tick(self, now: float) -> None:
        """Connect when it is time to; give up what has waited for too long."""
        if self._steps is not None:
            if self._wait is not None and now >= self._wait.until:
                self._advance(ready=False)
        elif self._stream is None:
            if now >= self.retry_at:
                self._steps = connect(self.server, None, now + CONNECT_TIMEOUT)
                self._advance(ready=None)
        elif self.awaited and now >= self.awaited[0].deadline:
            self.lose("did not say in time that it queued a job")
        elif self._stream.unsent and now - self._sent_at > STUCK_AFTER:
            self.lose(f"has taken nothing for {STUCK_AFTER:g} s")

    def next_tick(self) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        if self._wait is not None:
            return self._wait.until
        if self._stream is None:
            return self.retry_at
        if self.awaited:
            return self.awaited[0].deadline
        return self._sent_at + STUCK_AFTER if self._stream.unsent else float("inf")

    def send(self, data: bytes) -> None:
        """Send requests; a link that is broken is made again."""
        if self._stream is None:
            return
        if not self._stream.unsent:
            self._sent_at = time.monotonic()
        try:
            self._stream.send(data)
        except OSError as error:
            self.lose(f"broke the connection ({error.strerror})")

    def grab(self, before: bytes = b"") -> None:
        """Ask for a job, in one write with what is to be sent before."""
        self.asked = True
        self.send(before + GRAB)

    def sleep(self) -> None:
        """Ask to be woken when there is a job."""
        self.awake = False
        self.polled_at = time.monotonic()
        self.send(_ASLEEP)

    def submit(self, request: bytes, awaited: Awaited) -> None:
        """Submit a copy; exactly one of the callbacks is called, unless the link is lost."""
        self.awaited.append(awaited)
        self.send(request)

    def lose(self, why: str) -> None:
        """Close the connection; gearmand gives our jobs to other workers. Try again later."""
        self._close()
        self._delay = min(self._delay * 2, LAST_RETRY)
        self.retry_at = time.monotonic() + self._delay * random.uniform(0.5, 1.0)  # noqa: S311  # jitter
        if self._well is not False:  # said once, not every four seconds
            self._well = False
            self._on_change(self, why)

    def part(self, timeout: float) -> None:
        """Close in peace: what was sent arrives before the connection ends."""
        if self._stream is None:
            self._close()
            return
        sock = self._stream.sock
        try:
            # A close with unread bytes would be a reset, which can overtake our WORK_COMPLETE.
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
        return (self._wait.sock.fileno(),) if self._wait is not None else ()

    def _close(self) -> None:
        self.up = self.awake = self.asked = False
        self.awaited.clear()
        self._forget_wait()
        if self._steps is not None:
            self._steps.close()
            self._steps = None
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _advance(self, *, ready: bool | None) -> None:
        if self._steps is None:
            return
        before, self._wait = self._wait, None
        if before is not None:
            self._loop.remove(before.sock.fileno())
        try:
            wait = next(self._steps) if ready is None else self._steps.send(ready)
        except StopIteration as stop:
            self._steps = None
            self._connected(stop.value)
        except AdminError as error:
            self._steps = None
            self.lose(str(error).removeprefix(f"{self.server} "))
        else:
            self._wait = wait
            event = WRITE if wait.event == WANTS_WRITE else READ
            self._loop.add(wait.sock.fileno(), lambda _mask: self._advance(ready=True), event)

    def _forget_wait(self) -> None:
        if self._wait is not None:
            self._loop.remove(self._wait.sock.fileno())
            self._wait = None

    def _connected(self, sock: socket.socket) -> None:
        self._decoder = Decoder()
        self._stream = Stream(self._loop, prepared(sock), self._read)
        self._sent_at = self.polled_at = time.monotonic()
        self.number += 1
        self.up = True
        self.send(self._hello + _ALIVE + _ASLEEP)

    def _read(self) -> None:
        if self._stream is None:
            return
        number = self.number
        try:
            data = self._stream.sock.recv(RECEIVE_SIZE)
            if not data:
                self.lose("closed the connection")
                return
            for packet in self._decoder.feed(data):
                self._take(packet)
                if self._stream is None or self.number != number:
                    return
        except BlockingIOError:
            return
        except OSError as error:
            self.lose(f"broke the connection ({error.strerror})")
        except wire.BadPacket as error:
            self.lose(str(error))

    def _take(self, packet: Packet) -> None:
        if not self._well:
            self._well = True
            self._on_change(self, "is connected")
        self._delay = FIRST_RETRY
        if packet.command == wire.JOB_CREATED and self.awaited:
            self.awaited.popleft().created()
        elif packet.command == wire.ERROR:
            code, _, text = packet.body.partition(b"\0")
            # gearmand 1.1.20 ends a job at WORK_EXCEPTION and then knows no job to WORK_FAIL.
            if self.awaited and code != b"JOB_NOT_FOUND":
                self.awaited.popleft().refused(text.decode("utf-8", "backslashreplace")[:200])
        else:
            self._on_packet(self, packet)
