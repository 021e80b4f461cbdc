"""Every verdict on how queues move, with real workers, by the check, by collectd and by top."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gearmang.job.client import Client
from gearmang.watch.movement import VERDICTS
from tests.daemons.collectd import Collectd
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN, Worker
from tests.daemons.process import Process, await_that
from tests.daemons.terminal import Terminal
from tests.integration.nagios_checks.plugin import check

WINDOW = 3.0  # seconds
SEEN_WITHIN = 60.0  # seconds, on a busy machine; on an idle one all is seen in a window and a half
NEVER = b"1000"  # seconds of a job that hangs
TARGET = "tests.integration.workers_at_pace:take"
Seen = Callable[[str], "str | None"]


class LibgearmanWorker(Process):
    """``gearman -w``: a worker of another make, which runs a command for each job."""

    def __init__(self, folder: Path, gearmand: Gearmand, functions: list[str], command: str):
        self.gearmand, self.functions = gearmand, functions
        served = [word for name in functions for word in ("-f", name)]
        address = ("-h", "127.0.0.1", "-p", str(gearmand.port))
        super().__init__(
            ["gearman", "-w", *address, *served, "--", "sh", "-c", command],
            folder / f"{functions[0]}.log",
        )

    def await_ready(self) -> None:
        await_that(
            lambda: all(self.gearmand.functions().get(one, (0, 0, 0))[2] for one in self.functions),
            f"{self.functions} are served",
        )


class Feeder:
    """A client that submits again and again until the block ends."""

    def __init__(self, gearmand: Gearmand, function: str, every: float, jobs: list[bytes]) -> None:
        self._client = Client([gearmand.address])
        self._arguments = function, every, jobs
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        function, every, jobs = self._arguments
        while not self._ended.wait(every):
            for job in jobs:
                self._client.submit(function, job)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._client.close()


def bring_about(stack: ExitStack, folder: Path, gearmand: Gearmand) -> None:
    """A function for each verdict, named for it, in the state that it names."""

    def work(name: str) -> Worker:
        return stack.enter_context(Worker(folder, gearmand, TARGET, name, "--attempts", "1"))

    def plain(*names: str, command: str) -> LibgearmanWorker:
        return stack.enter_context(LibgearmanWorker(folder, gearmand, list(names), command))

    with Client([gearmand.address]) as client:
        plain("draining", command="sleep 0.1")
        for _ in range(1_000):
            client.submit("draining", b"")
        work("growing")
        stack.enter_context(Feeder(gearmand, "growing", 0.1, [b"0.5"]))
        work("keeping")
        stack.enter_context(Feeder(gearmand, "keeping", 1.0, [b"0.2"] * 3))
        plain("stuck", command="cat").pause()
        work("hung")
        work("unserved").kill()
        plain("elsewhere", "starved", command="sleep 1000")
        client.submit("elsewhere", NEVER)
        await_that(lambda: gearmand.functions()["elsewhere"][1], "the worker is at work elsewhere")
        for name in ("stuck", "hung", "unserved", "starved"):
            for _ in range(3):
                client.submit(name, NEVER)


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    """How to ask each watcher for its verdict on a function; None where it tells none."""
    folder = tmp_path_factory.mktemp("movement")
    with ExitStack() as stack:
        gearmand = stack.enter_context(Gearmand(folder))
        bring_about(stack, folder, gearmand)
        options = [f"Window {WINDOW:g}", "Timeout 0.2"]
        collectd = stack.enter_context(
            Collectd(folder, [gearmand.address], options=options, interval=0.3)
        )
        command: list[str | Path] = [
            BIN / "gearmang",
            "top",
            "--server",
            gearmand.address,
            "--interval",
            "0.3",
        ]
        terminal = stack.enter_context(
            Terminal(folder, [*command, "--window", f"{WINDOW:g}s", "--store", folder / "no.db"])
        )

        def by_check(name: str) -> str | None:
            state = ("--state", folder / "flow.json", "--window", f"{WINDOW:g}s")
            run = check("flow", "-H", gearmand.address, *state)
            number = run.perfdata.get(f"{name}--flow")
            return None if number is None else VERDICTS[int(number)]

        def by_collectd(name: str) -> str | None:
            told = collectd.csv_values(f"gauge-flow-{name}")
            return VERDICTS[int(told[-1])] if told else None

        def by_top(name: str) -> str | None:
            for line in terminal.screen().splitlines():
                if line.startswith(f"{name} "):
                    return next((one for one in VERDICTS if line.rstrip().endswith(one)), None)
            return None

        yield {"the check": by_check, "collectd": by_collectd, "top": by_top}


@pytest.mark.parametrize(
    ("function", "verdict"),
    [
        ("draining", "draining"), ("growing", "growing"), ("keeping", "keeping up"),
        ("starved", "starved"), ("stuck", "stuck"), ("hung", "hung"), ("unserved", "unserved"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("eye", ["the check", "collectd", "top"])
def test_a_queue_of_real_workers_is_seen_for_what_it_is(
    eyes: dict[str, Seen], function: str, verdict: str, eye: str
) -> None:
    begun = time.monotonic()
    await_that(lambda: eyes[eye](function) == verdict, f"{function} by {eye}", SEEN_WITHIN)
    print(f"{eye} saw {verdict} after {time.monotonic() - begun:.1f} s")


def test_a_stuck_queue_of_plain_clients_is_told_by_the_numbers_of_its_jobs(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    state = ("--state", tmp_path / "flow.json", "--window", f"{WINDOW:g}s")
    with LibgearmanWorker(tmp_path, gearmand, ["plain"], "cat") as worker:
        worker.pause()
        for _ in range(3):
            subprocess.run(
                ["gearman", "-b", "-h", "127.0.0.1", "-p", str(gearmand.port), "-f", "plain", "x"],
                check=True, timeout=20, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        await_that(
            lambda: (
                check("flow", "-H", gearmand.address, *state).perfdata["plain--flow"]
                == VERDICTS.index("stuck")
            ),
            "it is stuck",
            SEEN_WITHIN,
        )
        worker.resume()
        await_that(
            lambda: check("flow", "-H", gearmand.address, *state).state == "OK", "it moves again"
        )
