"""What a check costs: its start above all, since Nagios runs thousands of them."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gearmang.protocol.key import new_key
from tests.benchmarks.figure import Figure
from tests.daemons.gearmand import Gearmand
from tests.daemons.registrations import Registrations

BIN = Path(sys.executable).parent
RUNS = 40  # of each command, interleaved
SERVICES = 200
FUNCTIONS = 10_000
MANY_RUNS = 7  # with so many functions
PLUGIN_LIMIT = 8192  # bytes that Nagios takes of a plugin's output

_SERVICE = """
[[service]]
nagios_host = "gearman1"
description = "Queue {number}"
check = "queues"
hostname = "{address}"
function = "function{number}=100,500"
"""


class Cost(NamedTuple):
    """What one run took: CPU and wall time in ms, memory in MiB, output in bytes."""

    cpu: float
    wall: float
    memory: float
    output: int


# In a small process of its own: a program inherits the peak memory of whoever starts it.
_MEASURE = """
import os, sys, time
output, *words = sys.argv[1:]
opened = (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
begun = time.perf_counter()
pid = os.posix_spawn(words[0], words, os.environ, file_actions=[opened])
used = os.wait4(pid, 0)[2]
wall = time.perf_counter() - begun
print(1000 * (used.ru_utime + used.ru_stime), 1000 * wall, used.ru_maxrss / 1024)
"""


def run(command: Sequence[str | Path], output: Path) -> Cost:
    """Run a command to its end."""
    measure = [sys.executable, "-IS", "-c", _MEASURE, output, *command]
    measured = subprocess.run(measure, stdout=subprocess.PIPE, check=True).stdout.split()
    cpu, wall, memory = map(float, measured)
    return Cost(cpu, wall, memory, output.stat().st_size)


def interleaved(commands: Sequence[Sequence[str | Path]], runs: int, output: Path) -> list[Cost]:
    """The median cost of each command, all of them measured in turns."""
    costs: list[list[Cost]] = [[] for _ in commands]
    for _ in range(runs):
        for found, command in zip(costs, commands, strict=True):
            found.append(run(command, output))
    return [Cost(*(statistics.median(values) for values in zip(*found, strict=True)))
            for found in costs]  # fmt: skip


def figures() -> Iterator[Figure]:
    """The figures of the checks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from _start(folder)
        yield from _all_at_once(folder)
        yield from _many_functions(folder)


def _start(folder: Path) -> Iterator[Figure]:
    script = folder / "only_imports"
    script.write_text(f"#!{sys.executable}\nimport nagiosplugin\n")
    script.chmod(0o755)
    with Gearmand(folder) as gearmand, Registrations(gearmand) as there:
        there.worker([b"resize"])
        there.submit_keys([(b"resize", new_key("resize", time.time()))])
        bare, imports, queues, flow = interleaved(
            [
                ["/usr/bin/python3", "-I", "-c", "pass"],
                [script],
                [BIN / "check_gearmang_queues", "-H", gearmand.address],
                [
                    *(BIN / "check_gearmang_flow", "-H", gearmand.address),
                    *("--state", folder / "flow.json"),
                ],
            ],
            RUNS,
            folder / "output",
        )
    yield Figure(
        "CPU of check_gearmang_queues against python3 -I -c pass",
        queues.cpu / bare.cpu,
        bound=3.7,
        detail=f"{queues.cpu:.1f} ms / {bare.cpu:.1f} ms",
    )
    yield Figure(
        "CPU of check_gearmang_flow, one function with a waiting job, against python3 -I -c pass",
        flow.cpu / bare.cpu,
        bound=3.7,
        detail=f"{flow.cpu:.1f} ms / {bare.cpu:.1f} ms",
    )
    yield Figure(
        "CPU of check_gearmang_queues against a script that imports nagiosplugin",
        queues.cpu / imports.cpu,
        bound=1.2,
        detail=f"{queues.cpu:.1f} ms / {imports.cpu:.1f} ms",
    )


def _all_at_once(folder: Path) -> Iterator[Figure]:
    config = folder / "checks.toml"
    with (
        Gearmand(folder, options=("--verbose", "INFO")) as gearmand,
        Registrations(gearmand) as there,
    ):
        there.worker([b"function%d" % number for number in range(SERVICES)])
        config.write_text(
            "".join(
                _SERVICE.format(number=number, address=gearmand.address)
                for number in range(SERVICES)
            )
        )
        single, together = interleaved(
            [
                [BIN / "check_gearmang_queues", "-H", gearmand.address, "--function", "function7"],
                [BIN / "check_gearmang_all", "--config", config],
            ],
            RUNS,
            folder / "output",
        )
        before = gearmand.output().count("Accepted connection")
        run([BIN / "check_gearmang_all", "--config", config], folder / "output")
        connections = gearmand.output().count("Accepted connection") - before
    yield Figure(
        f"CPU of {SERVICES} single checks against one check_gearmang_all",
        SERVICES * single.cpu / together.cpu,
        bound=50,
        sense="at least",
        detail=f"{SERVICES} x {single.cpu:.1f} ms / {together.cpu:.1f} ms",
    )
    yield Figure(f"connections of {SERVICES} services of one gearmand", connections, "", bound=1)


def _many_functions(folder: Path) -> Iterator[Figure]:
    with Gearmand(folder) as gearmand, Registrations(gearmand) as there:
        there.worker([b"tenant_%05d_resize" % number for number in range(FUNCTIONS)])
        queues = str(BIN / "check_gearmang_queues")
        command = [queues, "-H", gearmand.address, "-w", "100", "-v"]
        (cost,) = interleaved([command], MANY_RUNS, folder / "output")
    what = f"check_gearmang_queues, {FUNCTIONS:,} functions"
    yield Figure(f"{what}: time", cost.wall / 1000, "s", bound=0.5)
    yield Figure(f"{what}: memory", cost.memory, "MiB", bound=60)
    yield Figure(f"{what}: output", cost.output, "bytes", bound=PLUGIN_LIMIT)
