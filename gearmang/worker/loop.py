"""Waits for many descriptors at once and calls what each one was registered with."""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from gearmang.protocol.errors import AdminError
from gearmang.protocol.steps import WRITE as WANTS_WRITE
from gearmang.protocol.steps import Steps, Wait

if TYPE_CHECKING:
    from gearmang.worker.secured import Secured

READ: Final = select.EPOLLIN
WRITE: Final = select.EPOLLOUT

Callback = Callable[[int], None]
Result = TypeVar("Result")


class Clock:
    """The clocks that all of a worker's parts go by; tests hold one of their own."""

    monotonic = staticmethod(time.monotonic)  # seconds, for spans
    wall = staticmethod(time.time)  # seconds since the epoch, for what other hosts shall understand


class Loop:
    """A thin epoll: the selectors module costs three times as much for each wait."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callback] = {}

    def add(self, descriptor: int, callback: Callback, events: int = READ) -> None:
        """Call ``callback(mask)`` whenever one of the events happens. It must not block."""
        self._callbacks[descriptor] = callback
        self._epoll.register(descriptor, events)

    def change(self, descriptor: int, events: int) -> None:
        """Wait for other events on a descriptor that was added."""
        self._epoll.modify(descriptor, events)

    def remove(self, descriptor: int) -> None:
        """Forget a descriptor, before it is closed."""
        if self._callbacks.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def wait(self, timeout: float) -> None:
        """Wait for events, ``timeout`` seconds at most, and call the callbacks.

        A callback may be called in vain, when one before it has reused its descriptor.
        """
        for descriptor, mask in self._epoll.poll(timeout):
            callback = self._callbacks.get(descriptor)
            if callback is not None:
                callback(mask)

    def fileno(self) -> int:
        """The descriptor of the epoll itself."""
        return self._epoll.fileno()

    def close(self) -> None:
        """Give the epoll back to the kernel."""
        self._epoll.close()


class Stream:
    """A non-blocking socket in a loop: what the kernel does not take at once is sent later.

    Args:
        sock: connected; the stream owns it.
        on_readable: called when bytes are there or the other end has closed.
    """

    def __init__(
        self, loop: Loop, sock: socket.socket | Secured, on_readable: Callable[[], None]
    ) -> None:
        sock.setblocking(False)
        self.sock = sock
        self._loop = loop
        self._on_readable = on_readable
        self._left: deque[memoryview] = deque()
        loop.add(sock.fileno(), self._ready)

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return sum(map(len, self._left))

    def send(self, *parts: bytes) -> None:
        """Send, or keep for later; large parts are not copied.

        Raises:
            OSError: the connection is broken.
        """
        if self._left:
            self._left.extend(map(memoryview, parts))
            return
        for number, data in enumerate(parts):
            try:
                sent = self.sock.send(data)
            except BlockingIOError:
                sent = 0
            if sent != len(data):
                self._left.append(memoryview(data)[sent:])
                self._left.extend(map(memoryview, parts[number + 1 :]))
                self._loop.change(self.sock.fileno(), READ | WRITE)
                return

    def close(self) -> None:
        """Take the socket out of the loop and close it."""
        self._left.clear()
        if self.sock.fileno() >= 0:
            self._loop.remove(self.sock.fileno())
            self.sock.close()

    def _ready(self, mask: int) -> None:
        if mask == READ:
            self._on_readable()
            return
        if mask & WRITE and self._left:
            self._send_left()
        if mask & ~WRITE:
            self._on_readable()

    def _send_left(self) -> None:
        try:
            while self._left:
                sent = self.sock.send(self._left[0])
                if sent != len(self._left[0]):
                    self._left[0] = self._left[0][sent:]
                    return
                self._left.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._left.clear()  # reading will tell that the connection is broken
        self._loop.change(self.sock.fileno(), READ)


class Conversation(Generic[Result]):
    """Steps that the loop carries on, until they end or have waited until their time was up.

    Args:
        on_end: called once, with the result or the error, unless it is closed before.
    """

    def __init__(
        self, loop: Loop, steps: Steps[Result], on_end: Callable[[Result | AdminError], None]
    ) -> None:
        self._loop = loop
        self._steps: Steps[Result] | None = steps
        self._on_end = on_end
        self._wait: Wait | None = None

    def start(self) -> None:
        """Take the first step; it may be the last one."""
        self._advance(None)

    @property
    def until(self) -> float:
        """When `tick` ends what it waits for, by the monotonic clock."""
        return self._wait.until if self._wait is not None else float("inf")

    def tick(self, now: float) -> None:
        """Have the steps know when their time is up."""
        if self._wait is not None and now >= self._wait.until:
            self._advance(ready=False)

    def descriptors(self) -> tuple[int, ...]:
        """The descriptors that an executor must not keep open."""
        return (self._wait.sock.fileno(),) if self._wait is not None else ()

    def close(self) -> None:
        """Give up; nobody is told."""
        self._forget()
        steps, self._steps = self._steps, None
        if steps is not None:
            steps.close()

    def _advance(self, ready: bool | None) -> None:
        if self._steps is None:
            return
        self._forget()
        end: Result | AdminError
        try:
            wait = next(self._steps) if ready is None else self._steps.send(ready)
        except StopIteration as stop:
            end = stop.value
        except AdminError as error:
            end = error
        else:
            self._wait = wait
            event = WRITE if wait.event == WANTS_WRITE else READ
            self._loop.add(wait.sock.fileno(), lambda _mask: self._advance(ready=True), event)
            return
        self._steps = None
        self._on_end(end)

    def _forget(self) -> None:
        wait, self._wait = self._wait, None
        if wait is not None:
            self._loop.remove(wait.sock.fileno())
