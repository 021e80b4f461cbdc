"""Polling: what the admin client and collectd's plugin cost, against bare sockets and pygearman."""

import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gearman.admin_client import GearmanAdminClient

from collectd_plugin.plugin import Plugin
from gearmang.admin import AdminClient
from tests.benchmarks.figure import Figure
from tests.daemons.gearmand import Gearmand
from tests.daemons.registrations import Registrations

FUNCTIONS = 10_000
WORKERS = 500
ROUNDS = 15
MOST_POLLED = 50
FROZEN = 10


def figures() -> Iterator[Figure]:
    """All figures of issue 3."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        large = stack.enter_context(Gearmand(folder))
        populate(stack.enter_context(Registrations(large)), FUNCTIONS, WORKERS)
        yield from against_bare_and_peer(large)


def populate(registrations: Registrations, functions: int, workers: int) -> None:
    """Register functions, evenly over workers with readable ids; every tenth has jobs."""
    started = int(time.time()) - 100
    for number in range(workers):
        names = [b"image.resize.%05d" % one for one in range(number, functions, workers)]
        client_id = b"image.resize.%05d@host%d:%d+%d" % (number, number % 9, number, started)
        registrations.worker(names, client_id)


def cpu_ms(*sides: Callable[[], Any], rounds: int = ROUNDS) -> list[float]:
    """CPU of each side in milliseconds, the median of interleaved rounds."""
    taken: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, times in zip(sides, taken, strict=True):
            begun = time.process_time()
            side()
            times.append((time.process_time() - begun) * 1000)
    return [statistics.median(times) for times in taken]


class Bare:
    """The least that anyone can do: receive a list and split it."""

    def __init__(self, gearmand: Gearmand) -> None:
        self._socket = socket.create_connection(("127.0.0.1", gearmand.port), timeout=5)

    def ask(self, command: bytes, separator: bytes) -> list[list[bytes]]:
        self._socket.sendall(command + b"\r\n")
        reply = bytearray()
        while not reply.endswith(b"\n.\n"):
            reply += self._socket.recv(65536)
        return [line.split(separator) for line in bytes(reply).split(b"\n")]


def against_bare_and_peer(gearmand: Gearmand) -> Iterator[Figure]:
    """`status` and `workers` of 10,000 functions and 500 workers."""
    bare = Bare(gearmand)
    peer = GearmanAdminClient([gearmand.address])
    peer.establish_admin_connection() if hasattr(peer, "establish_admin_connection") else None
    with AdminClient("127.0.0.1", gearmand.port) as admin:
        ours, least, theirs = cpu_ms(
            admin.status, lambda: bare.ask(b"status", b"\t"), peer.get_status
        )
        yield Figure(
            "status in records against a bare recv-and-split", ours / least, bound=3,
            detail=f"{ours:.1f} ms, {least:.1f} ms",
        )
        yield Figure(
            "status against pygearman's get_status, less CPU", theirs / ours, bound=8,
            sense="at least", detail=f"{ours:.1f} ms, {theirs:.1f} ms",
        )
        ours, least, theirs = cpu_ms(
            admin.workers, lambda: bare.ask(b"workers", b" "), peer.get_workers
        )
        yield Figure(
            "workers against a bare recv-and-split", ours / least,
            detail=f"{ours:.2f} ms, {least:.2f} ms",
        )
        yield Figure(
            "workers against pygearman's get_workers, less CPU", theirs / ours, bound=20,
            sense="at least", detail=f"{ours:.2f} ms, {theirs:.1f} ms",
        )
