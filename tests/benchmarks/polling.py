"""Polling: what the admin client and collectd's plugin cost, against bare sockets and pygearman."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gearman.admin_client import GearmanAdminClient

from collectd_plugin.plugin import Plugin
from gearmang.protocol import AdminClient
from gearmang.protocol.key import JobKey, mark_of
from gearmang.protocol.server import Server
from gearmang.watch.poll import Snapshot, poll
from gearmang.watch.waits import keys_by_function, oldest_waiting
from tests.benchmarks.figure import Figure
from tests.daemons.collectd import Collectd
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.daemons.registrations import Registrations
from tests.daemons.strict_collectd import Node, StrictCollectd

FUNCTIONS = 10_000
FEW_FUNCTIONS = 100
WORKERS = 500
ROUNDS = 15
SERVERS = 50
FROZEN = 10
TIMEOUT = 1.0  # seconds
READS_BEFORE, READS = 200, 2_000
KIB_PER_MIB = 1024
AGED_JOBS, AGED_FUNCTIONS = 100_000, 1_000
MOVING_SERVERS = 100
MOVING_FUNCTIONS = 1_000


def figures() -> Iterator[Figure]:
    """What polling costs."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        large = stack.enter_context(Gearmand(folder))
        populate(stack.enter_context(Registrations(large)), FUNCTIONS)
        small = stack.enter_context(Gearmand(folder))
        populate(stack.enter_context(Registrations(small)), FEW_FUNCTIONS)
        yield from status(large)
        yield from workers(large)
        yield from workers_evenly(folder)
        yield from whole_read(large)
        with Registrations(large) as made:
            names = [f"image.resize.{number:05d}" for number in range(MOVING_FUNCTIONS)]
            _submit_with_keys(made, names, 3)
            yield from whole_read(large, MOVING_FUNCTIONS)
        yield from growth(small, large)
    with tempfile.TemporaryDirectory() as name:
        yield from frozen_servers(Path(name))
    with tempfile.TemporaryDirectory() as name:
        yield from memory(Path(name))
    with tempfile.TemporaryDirectory() as name, Gearmand(Path(name)) as gearmand:
        yield from ages(gearmand)
    with tempfile.TemporaryDirectory() as name, Gearmand(Path(name)) as gearmand:
        yield from movement(gearmand)


def ages(gearmand: Gearmand) -> Iterator[Figure]:
    """The oldest waiting job of each of 1,000 functions, of 100,000 jobs."""
    names = [f"image.resize.{number:04d}" for number in range(AGED_FUNCTIONS)]
    with Registrations(gearmand) as made:
        _submit_with_keys(made, names, AGED_JOBS // AGED_FUNCTIONS)
        bare = Bare(gearmand)
        with AdminClient("127.0.0.1", gearmand.port, timeout=10) as admin:
            functions, now = admin.status(), time.time()

            def told() -> None:
                keys = keys_by_function(admin.unique_jobs(), functions)
                found = oldest_waiting(functions, keys, now)
                assert len(found) == AGED_FUNCTIONS
                assert all(one.exact for one in found.values())

            ours, least = cpu_ms(told, lambda: bare.ask(b"show unique jobs", b"\t"))
    yield Figure(
        f"oldest ages of {AGED_JOBS:,} jobs in {AGED_FUNCTIONS:,} functions, "
        "against a bare recv-and-split",
        ours / least,
        bound=4,
        detail=f"{ours:.1f} ms, bare {least:.1f} ms CPU",
    )


def _submit_with_keys(made: Registrations, names: list[str], each: int) -> None:
    now = time.time()
    made.submit_keys(
        (
            name.encode(),
            str(JobKey(f"{number * each + job:032x}", now - number - job, mark_of(name))),
        )
        for number, name in enumerate(names)
        for job in range(each)
    )


def movement(gearmand: Gearmand) -> Iterator[Figure]:
    """One poll of 100 servers of 1,000 functions, jobs waiting in each, with movement."""
    names = [f"image.resize.{number:04d}" for number in range(AGED_FUNCTIONS)]
    with Registrations(gearmand) as made:
        populate(made, AGED_FUNCTIONS, 20)
        _submit_with_keys(made, names, 1)
        done = subprocess.run(
            [sys.executable, "-c", _MOVEMENT, str(gearmand.port), str(MOVING_SERVERS)],
            capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
    cpu, resident = map(float, done.stdout.split())
    what = f"{MOVING_SERVERS} servers x {AGED_FUNCTIONS:,} functions, one poll with movement"
    yield Figure(f"{what}: CPU", cpu, "s", bound=1.0)
    yield Figure(f"{what}: resident", resident, "MiB", bound=200)


# The same gearmand stands for all servers; each has a past of its own.
_MOVEMENT = """
import resource, sys, time
from gearmang.protocol.key import JobKey, mark_of
from gearmang.protocol.server import Server
from gearmang.watch.course import continued
from gearmang.watch.movement import judge
from gearmang.watch.poll import poll

port, count = int(sys.argv[1]), int(sys.argv[2])
pasts = [None] * count
for _ in range(3):
    answers = None  # nobody keeps those of the poll before
    begun = time.process_time()
    answers = poll([Server("127.0.0.1", port)] * count, timeout=30, keys=True)
    pasts = [continued(past, answer, time.time()) for past, answer in zip(pasts, answers)]
    assert sum(len(judge(past)) for past in pasts) == 1000 * count
    took = time.process_time() - begun
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def populate(registrations: Registrations, functions: int, workers: int = WORKERS) -> None:
    """A worker that serves all functions, and others that serve one each."""
    names = [b"image.resize.%05d" % number for number in range(functions)]
    registrations.worker(names, b"everything")
    for number in range(workers):
        registrations.worker([names[number % functions]], _client_id(number))


def _client_id(number: int) -> bytes:
    return b"image.resize.%05d@host%d:%d+%d" % (number, number % 9, number, time.time() - number)


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


def status(gearmand: Gearmand) -> Iterator[Figure]:
    """``status`` of 10,000 functions, on open connections."""
    bare, peer = Bare(gearmand), GearmanAdminClient([gearmand.address])
    with AdminClient("127.0.0.1", gearmand.port) as admin:
        ours, least, theirs = cpu_ms(
            admin.status, lambda: bare.ask(b"status", b"\t"), peer.get_status
        )
    yield Figure(
        f"status of {FUNCTIONS:,} functions into records, against a bare recv-and-split",
        ours / least,
        bound=3,
        detail=f"{ours:.2f} ms, bare {least:.2f} ms CPU",
    )
    yield Figure(
        "status, times less CPU than pygearman's get_status",
        theirs / ours,
        bound=8,
        sense="at least",
        detail=f"{ours:.2f} ms, pygearman {theirs:.1f} ms CPU",
    )


def workers(gearmand: Gearmand, bound: float | None = 20, what: str = "") -> Iterator[Figure]:
    """``workers`` of 500 workers."""
    bare, peer = Bare(gearmand), GearmanAdminClient([gearmand.address])
    with AdminClient("127.0.0.1", gearmand.port) as admin:
        ours, least, theirs = cpu_ms(
            admin.workers, lambda: bare.ask(b"workers", b" "), peer.get_workers
        )
    yield Figure(
        f"workers, times less CPU than pygearman's get_workers{what}",
        theirs / ours,
        bound=bound,
        sense="at least",
        detail=f"{ours:.2f} ms, bare {least:.2f} ms, pygearman {theirs:.1f} ms CPU",
    )


def workers_evenly(folder: Path) -> Iterator[Figure]:
    """The same without the one that serves everything: pygearman's cost is in long lines."""
    with Gearmand(folder) as gearmand, Registrations(gearmand) as made:
        for number in range(WORKERS):
            served = range(number, FUNCTIONS, WORKERS)
            made.worker([b"image.resize.%05d" % one for one in served], _client_id(number))
        yield from workers(gearmand, None, ", with 20 functions a worker and no long line")


def whole_read(gearmand: Gearmand, moving: int = 0) -> Iterator[Figure]:
    """The plugin's read of everything, into a stand-in for collectd.

    Args:
        gearmand: with all functions registered.
        moving: of the functions, those in which jobs wait.
    """
    collectd, bare = StrictCollectd(), Bare(gearmand)
    Plugin(collectd).register()
    options = (Node("Timeout", 20.0), Node("Interval", 30.0))
    collectd.start(Node("Server", gearmand.address), *options)
    collectd.read()
    rows = [(kind, instance) for _, kind, instance in collectd.dispatched]

    def dispatches() -> None:
        values = collectd.Values(plugin="gearman", plugin_instance=gearmand.address)
        for kind, instance in rows:
            values.type = kind
            values.dispatch(type_instance=instance, values=[1])

    def lists() -> None:
        bare.ask(b"status", b"\t")
        bare.ask(b"workers", b" ")
        if moving:
            bare.ask(b"show unique jobs", b".")

    ours, dispatched, listed = cpu_ms(collectd.read, dispatches, lists)
    assert not collectd.logged
    yield Figure(
        f"one whole plugin read ({len(rows):,} values"
        + (f", jobs waiting in {moving:,} functions, with movement and ages" if moving else "")
        + "), against bare lists and bare dispatches",
        ours / (dispatched + listed),
        bound=2,
        detail=f"{ours:.0f} ms, bare {listed:.1f} + {dispatched:.0f} ms CPU",
    )


def growth(small: Gearmand, large: Gearmand) -> Iterator[Figure]:
    """CPU per function of a poll of many functions against one of few."""

    def each(gearmand: Gearmand) -> float:
        """Microseconds for one more function: what does not depend on them is taken off."""
        with AdminClient("127.0.0.1", gearmand.port) as admin:
            whole, fixed = cpu_ms(admin.status, admin.version, rounds=ROUNDS * 4)
            return (whole - fixed) * 1000 / len(admin.status())

    few, many = each(small), each(large)
    yield Figure(
        f"CPU per function, {FUNCTIONS:,} functions against {FEW_FUNCTIONS}",
        many / few,
        bound=1.5,
        detail=f"{many:.3f} µs, {few:.3f} µs",
    )


def frozen_servers(folder: Path) -> Iterator[Figure]:
    """50 gearmands, 10 of which are stopped in their tracks."""
    with ExitStack() as stack:
        daemons = [stack.enter_context(Gearmand(folder)) for _ in range(SERVERS)]
        for daemon in daemons[:: SERVERS // FROZEN]:
            daemon.pause()
        targets = [Server("127.0.0.1", daemon.port) for daemon in daemons]
        took, answered = [], []
        for _ in range(5):
            begun = time.monotonic()
            answers = poll(targets, timeout=TIMEOUT)
            took.append(time.monotonic() - begun)
            answered.append(sum(isinstance(answer, Snapshot) for answer in answers))
        yield Figure(
            f"{SERVERS} servers with {FROZEN} frozen: answers in the worst of 5 polls",
            min(answered),
            "",
            bound=SERVERS - FROZEN,
            sense="at least",
        )
        yield Figure(
            "the same: the longest poll against Timeout",
            max(took) / TIMEOUT,
            bound=1.1,
            detail=f"{max(took) * 1000:.0f} ms",
        )


def memory(folder: Path) -> Iterator[Figure]:
    """collectd's resident memory between 200 and 2,000 reads of 100 functions."""
    with Gearmand(folder) as gearmand, Registrations(gearmand) as made:
        populate(made, FEW_FUNCTIONS, 20)
        options = ("Timeout 0.015", "Interval 0.02", "Jobs true", "Priorities true")
        with Collectd(folder, [gearmand.address], options=options) as collectd:
            sizes = [_resident_after(collectd, reads) for reads in (READS_BEFORE, READS)]
    yield Figure(
        f"collectd's resident memory after {READS:,} reads, more than after {READS_BEFORE}",
        (sizes[1] - sizes[0]) / KIB_PER_MIB,
        "MiB",
        bound=2,
        detail=f"{sizes[1] / KIB_PER_MIB:.1f} MiB, {sizes[0] / KIB_PER_MIB:.1f} MiB",
    )


def _resident_after(collectd: Collectd, reads: int) -> int:
    """KiB, once so many reads were made."""
    await_that(lambda: len(collectd.csv_values("gauge-up")) >= reads, f"{reads} reads", timeout=120)
    lines = Path(f"/proc/{collectd.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
