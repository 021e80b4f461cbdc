"""How an executor gets its next job from the supervisor."""

from __future__ import annotations

import os
import socket
import time
from typing import Final

from gearmang.worker.frames import JOB_HEADER

RECEIVE_SIZE: Final = 64 * 1024  # bytes
# The next job of a full queue is here in 30 µs; to sleep, and to be woken on another processor,
# costs as much again: staying awake brings 17,000 jobs a second where sleeping brings 9,000.
AWAKE_FOR: Final = 100e-6  # seconds
SHORT_JOB: Final = 1e-3  # seconds; beside longer ones a wakeup is nothing, and others want the CPU


def receive(sock: socket.socket, *, soon: bool = True) -> tuple[int, bytes] | None:
    """The next job's sequence number and body; None when no more will come.

    Args:
        soon: whether to stay awake for it.
    """
    data = _soon(sock) if soon else sock.recv(RECEIVE_SIZE)
    while data and len(data) < JOB_HEADER.size:
        more = sock.recv(RECEIVE_SIZE)
        data = data + more if more else b""
    if not data:
        return None
    sequence, size = JOB_HEADER.unpack_from(data)
    if len(data) == JOB_HEADER.size + size:
        return sequence, data[JOB_HEADER.size :]
    body = bytearray(size)
    filled = len(data) - JOB_HEADER.size
    body[:filled] = data[JOB_HEADER.size :]
    with memoryview(body) as view:
        while filled < size:
            count = sock.recv_into(view[filled:])
            if not count:
                return None
            filled += count
    return sequence, bytes(body)


def _soon(sock: socket.socket) -> bytes:
    """What the supervisor sends next; stays awake for it, and lets others run meanwhile."""
    until = time.perf_counter() + AWAKE_FOR
    while time.perf_counter() < until:
        try:
            return sock.recv(RECEIVE_SIZE, socket.MSG_DONTWAIT)
        except BlockingIOError:
            os.sched_yield()
    return sock.recv(RECEIVE_SIZE)
