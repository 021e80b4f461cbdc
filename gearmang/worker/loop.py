"""Waits for many descriptors at once and calls what each one was registered with."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from typing import Final

READ: Final = select.EPOLLIN
WRITE: Final = select.EPOLLOUT

Callback = Callable[[int], None]


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

    def __init__(self, loop: Loop, sock: socket.socket, on_readable: Callable[[], None]) -> None:
        sock.setblocking(False)
        self.sock = sock
        self._loop = loop
        self._on_readable = on_readable
        self._left = bytearray()
        loop.add(sock.fileno(), self._ready)

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return len(self._left)

    def send(self, data: bytes) -> None:
        """Send, or keep for later.

        Raises:
            OSError: the connection is broken.
        """
        if self._left:
            self._left += data
            return
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent != len(data):
            self._left += memoryview(data)[sent:]
            self._loop.change(self.sock.fileno(), READ | WRITE)

    def close(self) -> None:
        """Take the socket out of the loop and close it."""
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
            sent = self.sock.send(self._left)
        except BlockingIOError:
            return
        except OSError:
            self._left.clear()  # reading will tell that the connection is broken
            sent = 0
        del self._left[:sent]
        if not self._left:
            self._loop.change(self.sock.fileno(), READ)
