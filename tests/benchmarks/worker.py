"""Our isolated worker against pygearman's and libgearman's, in one run."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import gearman

from gearmang.job.client import Client
from tests.benchmarks.figure import Figure
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.process import await_that

PAYLOAD = b"x" * 100
ROUNDS = 15
JOBS_A_ROUND = 4_000
SUBMITS = 3_000
MEMORY_JOBS = 100_000
CRASHES = 15

NOOP = "tests.benchmarks.noop"


def figures() -> Iterator[Figure]:
    """Measure; about two minutes."""
    with tempfile.TemporaryDirectory() as folder, Gearmand(Path(folder)) as gearmand:
        yield from _rates(gearmand)
        yield _submitting()
        yield _memory(gearmand)
        yield _after_a_crash(gearmand)


def _rates(gearmand: Gearmand) -> Iterator[Figure]:
    port = str(gearmand.port)
    commands: dict[str, list[str | Path]] = {
        "gearmang": _ours(gearmand, "noop"),
        "pygearman": [sys.executable, "-m", NOOP, gearmand.address],
        "gearman -w": ["gearman", "-w", "-f", "libgearman", "-h", "127.0.0.1", "-p", port],
    }
    functions = {"gearmang": "noop", "pygearman": "pygearman", "gearman -w": "libgearman"}
    rates: dict[str, list[float]] = {name: [] for name in commands}
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(_running(command)) for name, command in commands.items()
        }
        for function in functions.values():
            await_that(partial(_is_served, gearmand, function), f"{function} has a worker")
        for _ in range(ROUNDS):  # interleaved: what else the machine does meets all of them
            for name, worker in workers.items():
                rates[name].append(_rate(gearmand, functions[name], worker))
    # What else the machine does only ever slows a round down: the best ones compare the workers.
    best = {name: max(measured) for name, measured in rates.items()}
    for other, bound in (("pygearman", 2.0), ("gearman -w", 0.5)):
        yield Figure(
            f"no-op jobs a second with isolation, against {other} without",
            best["gearmang"] / best[other],
            bound=bound,
            sense="at least",
            detail=f"{best['gearmang']:,.0f}/s and {best[other]:,.0f}/s, best of {ROUNDS} each",
        )


def _rate(gearmand: Gearmand, function: str, worker: subprocess.Popen[bytes]) -> float:
    """Jobs a second, from the moment that a frozen worker with a full queue may go on."""
    worker.send_signal(signal.SIGSTOP)
    with Client([gearmand.address]) as client:
        # Not more: gearmand 1.1.20 looks unique keys up in 991 lists, whose length would tell.
        client.submit_many((function, PAYLOAD) for _ in range(JOBS_A_ROUND))
    began = time.perf_counter()
    worker.send_signal(signal.SIGCONT)
    while _state(gearmand, function)[0]:
        time.sleep(0.005)  # asking more often would slow gearmand down
    return JOBS_A_ROUND / (time.perf_counter() - began)


def _submitting() -> Figure:
    many, single = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder, Gearmand(Path(folder)) as gearmand:
            theirs = gearman.GearmanClient([gearmand.address])
            began = time.perf_counter()
            for _ in range(SUBMITS):
                theirs.submit_job("theirs", PAYLOAD, background=True)
            single.append(SUBMITS / (time.perf_counter() - began))
        with (
            tempfile.TemporaryDirectory() as folder,
            Gearmand(Path(folder)) as gearmand,
            Client([gearmand.address]) as ours,
        ):
            began = time.perf_counter()
            ours.submit_many(("ours", PAYLOAD) for _ in range(SUBMITS))
            many.append(SUBMITS / (time.perf_counter() - began))
    return Figure(
        "submit_many against pygearman's submits one by one",
        statistics.median(many) / statistics.median(single),
        bound=10,
        sense="at least",
        detail=f"{statistics.median(many):,.0f}/s and {statistics.median(single):,.0f}/s",
    )


def _memory(gearmand: Gearmand) -> Figure:
    with _running(_ours(gearmand, "noop")) as worker, Client([gearmand.address]) as client:
        resident = []
        for jobs in (5_000, MEMORY_JOBS):
            client.submit_many(("noop", PAYLOAD) for _ in range(jobs))
            await_that(lambda: not _state(gearmand, "noop")[0], "all jobs are done", 120)
            status = Path(f"/proc/{worker.pid}/status").read_text()
            resident.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
    return Figure(
        f"supervisor memory grown over {MEMORY_JOBS:,} jobs",
        resident[1] - resident[0],
        unit="MiB",
        bound=1.0,
        detail=f"from {resident[0]:.1f} to {resident[1]:.1f} MiB resident",
    )


def _after_a_crash(gearmand: Gearmand) -> Figure:
    """From the death of an executor to the start of the next job, both queued beforehand."""
    with tempfile.NamedTemporaryFile("r") as diary:
        os.environ["DIARY"] = diary.name
        command = [*_ours(gearmand, "crash"), "--attempts", "1", "--breaker", "0"]
        with _running(command), Client([gearmand.address]) as client:
            jobs = [("crash", what) for _ in range(CRASHES) for what in (b"die", b"live")]
            client.submit_many(jobs)
            await_that(lambda: diary.seek(0) or diary.read().count("\n") == len(jobs), "all ran")
        diary.seek(0)
        moments = [float(line) for line in diary]
    pauses = [after - died for died, after in zip(moments[::2], moments[1::2], strict=True)]
    return Figure(
        "from a crash to the next job's start, median",
        statistics.median(pauses) * 1000,
        unit="ms",
        bound=50,
        detail=f"{CRASHES} crashes, the slowest {max(pauses) * 1000:.0f} ms",
    )


@contextmanager
def _running(command: list[str | Path]) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


def _ours(gearmand: Gearmand, function: str) -> list[str | Path]:
    target = f"{NOOP}:{function}"
    server = ["--server", gearmand.address]
    return [BIN / "gearmang", "work", target, "--function", function, *server, "--lifetime", "0"]


def _state(gearmand: Gearmand, function: str) -> tuple[int, int, int]:
    return gearmand.functions().get(function, (0, 0, 0))


def _is_served(gearmand: Gearmand, function: str) -> bool:
    return _state(gearmand, function)[2] > 0
