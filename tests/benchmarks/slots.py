"""Twenty workers of one process against twenty processes of pygearman, in one run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gearmang.job.client import Client
from tests.benchmarks.figure import Figure
from tests.benchmarks.worker import PAYLOAD
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.process import await_that

MODULE = "tests.benchmarks.pillow"
WORKERS = 20
POOL = 8
JOBS = 8_000
COMMANDS = 1_000
ROUNDS = 3
IDLE = 30.0  # seconds
MIB = 1024 * 1024
PHP = f"php {Path(__file__).parents[2] / 'packaging/php/gearmang_worker.php'}"
PHP_WORKER = (
    "$w = new GearmanWorker(); $w->addServer('127.0.0.1', (int) $argv[1]);"
    "$w->addFunction('phpworker', fn($job) => $job->workload()); while ($w->work());"
)


def figures() -> Iterator[Figure]:
    """Measure; about three minutes."""
    with tempfile.TemporaryDirectory() as folder, Gearmand(Path(folder)) as gearmand:
        yield from _memory(gearmand)
        yield from _idle(gearmand)
        yield _rate(gearmand)
        yield _commands(gearmand)
        yield _persistent(gearmand)


def _memory(gearmand: Gearmand) -> Iterator[Figure]:
    starts: dict[str, list[float]] = {"ours": [], "theirs": []}
    for large, bound in (("", 0.5), ("1", 0.15)):
        found = {}
        for whose in ("ours", "theirs"):
            began = time.perf_counter()
            with _workers(gearmand, whose, WORKERS, LARGE=large) as processes:
                starts[whose].append(time.perf_counter() - began)
                time.sleep(1.0)  # what the last one still does at its start
                found[whose] = sum(map(_pss, _family(processes)))
        yield Figure(
            f"memory (PSS) of {WORKERS} workers with {'100 MiB' if large else 'pillow'} imported",
            found["ours"] / found["theirs"],
            bound=bound,
            detail=f"{found['ours'] / MIB:,.0f} and {found['theirs'] / MIB:,.0f} MiB",
        )
    yield Figure(
        f"time until {WORKERS} workers are registered",
        starts["ours"][0] / starts["theirs"][0],
        bound=1.0,
        detail=f"{starts['ours'][0]:.2f} and {starts['theirs'][0]:.2f} s",
    )


def _idle(gearmand: Gearmand) -> Iterator[Figure]:
    with _workers(gearmand, "ours", WORKERS) as processes:
        time.sleep(2.0)
        before = [_spent(pid) for pid in _family(processes)]
        time.sleep(IDLE)
        after = [_spent(pid) for pid in _family(processes)]
    wakeups = (sum(one[0] for one in after) - sum(one[0] for one in before)) / IDLE
    cpu = sum(one[1] for one in after) - sum(one[1] for one in before)
    name = f"of {WORKERS} idle slots, all processes together"
    yield Figure(f"wakeups a second {name}", wakeups, unit="/s", bound=2.0)
    yield Figure(f"CPU in {IDLE:g} s {name}", cpu, unit="s", bound=0.02)


def _rate(gearmand: Gearmand) -> Figure:
    rates: dict[str, list[float]] = {"ours": [], "theirs": []}
    with _workers(gearmand, "ours", POOL) as ours, _workers(gearmand, "theirs", POOL) as theirs:
        for _ in range(ROUNDS):
            for whose, processes in (("ours", ours), ("theirs", theirs)):
                rates[whose].append(_jobs_a_second(gearmand, whose, JOBS, processes))
    best = {whose: max(measured) for whose, measured in rates.items()}
    return Figure(
        f"no-op jobs a second of {POOL} slots, against {POOL} pygearman",
        best["ours"] / best["theirs"],
        bound=1.5,
        sense="at least",
        detail=f"{best['ours']:,.0f}/s and {best['theirs']:,.0f}/s, best of {ROUNDS}",
    )


def _commands(gearmand: Gearmand) -> Figure:
    port = str(gearmand.port)
    lines: dict[str, list[str | Path]] = {
        "exec": _gearmang(gearmand, "--exec", "/bin/cat", "--function", "exec"),
        "libgearman": ["gearman", "-w", "-f", "libgearman", "-h", "127.0.0.1", "-p", port, "--"],
    }
    lines["libgearman"].append("/bin/cat")
    rates: dict[str, list[float]] = {name: [] for name in lines}
    running: dict[str, list[subprocess.Popen[bytes]]] = {}
    with ExitStack() as stack:
        for name, line in lines.items():
            running[name] = stack.enter_context(_running(gearmand, name, [line]))
        for _ in range(ROUNDS):
            for name, processes in running.items():
                rates[name].append(_jobs_a_second(gearmand, name, COMMANDS, processes))
    best = {name: max(measured) for name, measured in rates.items()}
    return Figure(
        "`--exec /bin/cat` jobs a second, against `gearman -w -- cat`",
        best["exec"] / best["libgearman"],
        bound=1.0,
        sense="at least",
        detail=f"{best['exec']:,.0f}/s and {best['libgearman']:,.0f}/s, best of {ROUNDS}",
    )


def _persistent(gearmand: Gearmand) -> Figure:
    lines: dict[str, list[str | Path]] = {
        "persistent": _gearmang(gearmand, "--exec-persistent", PHP, "--function", "persistent"),
        "phpworker": ["php", "-r", PHP_WORKER, str(gearmand.port)],
    }
    rates: dict[str, list[float]] = {name: [] for name in lines}
    running: dict[str, list[subprocess.Popen[bytes]]] = {}
    with ExitStack() as stack:
        for name, line in lines.items():
            running[name] = stack.enter_context(_running(gearmand, name, [line]))
        for _ in range(2 * ROUNDS):
            for name, processes in running.items():
                rates[name].append(_jobs_a_second(gearmand, name, JOBS // 2, processes))
    best = {name: max(measured) for name, measured in rates.items()}
    return Figure(
        "`--exec-persistent` PHP echo jobs a second, against a plain php-gearman worker",
        best["persistent"] / best["phpworker"],
        bound=0.7,
        sense="at least",
        detail=f"{best['persistent']:,.0f}/s and {best['phpworker']:,.0f}/s, best of {2 * ROUNDS}",
    )


def _jobs_a_second(
    gearmand: Gearmand, function: str, jobs: int, processes: list[subprocess.Popen[bytes]]
) -> float:
    """From the moment that frozen workers with a full queue may go on."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    with Client([gearmand.address]) as client:
        client.submit_many((function, PAYLOAD) for _ in range(jobs))
    began = time.perf_counter()
    for process in processes:
        process.send_signal(signal.SIGCONT)
    while gearmand.functions()[function][0]:
        time.sleep(0.005)
    return jobs / (time.perf_counter() - began)


@contextmanager
def _workers(
    gearmand: Gearmand, whose: str, count: int, **environment: str
) -> Iterator[list[subprocess.Popen[bytes]]]:
    target = [f"{MODULE}:noop", "--function", "ours", "--processes", str(count)]
    ours = [_gearmang(gearmand, *target)]
    theirs: list[list[str | Path]] = [[sys.executable, "-m", MODULE, gearmand.address]] * count
    with _running(gearmand, whose, ours if whose == "ours" else theirs, count, **environment) as up:
        yield up


@contextmanager
def _running(
    gearmand: Gearmand,
    function: str,
    commands: list[list[str | Path]],
    count: int = 1,
    **environment: str,
) -> Iterator[list[subprocess.Popen[bytes]]]:
    quiet = subprocess.DEVNULL
    env = {**os.environ, **environment}
    processes = [
        subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, env=env)
        for command in commands
    ]
    try:
        await_that(
            lambda: gearmand.functions().get(function, (0, 0, 0))[2] == count,
            f"{count} are registered for {function}",
            60,
        )
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
        await_that(
            lambda: not gearmand.functions().get(function, (0, 0, 0))[2], f"{function} is left"
        )


def _gearmang(gearmand: Gearmand, *words: str) -> list[str | Path]:
    return [BIN / "gearmang", "work", *words, "--server", gearmand.address, "--lifetime", "0"]


def _family(processes: list[subprocess.Popen[bytes]]) -> list[int]:
    found: list[int] = []
    waiting = [process.pid for process in processes]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        waiting += map(int, children)
    return sorted(found)


def _pss(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rollup.split("\nPss:")[1].split()[0]) * 1024


def _spent(pid: int) -> tuple[int, float]:
    """Voluntary switches, of which each is a wakeup, and CPU seconds."""
    status = Path(f"/proc/{pid}/status").read_text()
    stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = int(stat[11]) + int(stat[12])
    woken = int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return woken, ticks / os.sysconf("SC_CLK_TCK")
