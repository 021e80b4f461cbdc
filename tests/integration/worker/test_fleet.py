"""All pools of one file as one process tree: restarts in turn, growth, ends."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.job.client import Client
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN, COMMAND_TIMEOUT
from tests.daemons.process import Process, await_that
from tests.integration.worker.conftest import Caller

FUNCTIONS = ("first", "second", "third")
JOBS = 2_000
LOOK = 0.05  # seconds between two looks at who serves the functions
CODE = """
import os, time
def note(job):
    time.sleep(0.015)
    notes = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND)
    os.write(notes, (job.id + "\\n").encode())
    os.close(notes)
    return VERSION
def slow(job):
    time.sleep(float(job.raw))
    return b"slept"
VERSION = b"1"
"""


class Fleet(Process):
    """``gearmang fleet``, ready once it says that its pools are at work."""

    def __init__(self, folder: Path, gearmand: Gearmand, notes: Path) -> None:
        self.gearmand = gearmand
        self.config, self.code = folder / "fleet.toml", folder / "code.py"
        self.code.write_text(CODE)
        self._head = (
            f'[defaults]\nserver = ["{gearmand.address}"]\ndirectory = "{folder}"\n'
            f'environment = {{ NOTES = "{notes}" }}\n'
        )
        super().__init__([BIN / "gearmang", "fleet", "--config", self.config], folder / "log")

    def write(self, *pools: str) -> None:
        self.config.write_text(self._head + "".join(f"[[pool]]\n{pool}\n" for pool in pools))

    def await_ready(self) -> None:
        def is_ready() -> bool:
            self.require_running()
            return "at work" in self.output()

        await_that(is_ready, "its pools are at work")

    def reload(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BIN / "gearmang", "fleet", "reload", "--config", self.config],
            capture_output=True, text=True, timeout=COMMAND_TIMEOUT * 2,
        )  # fmt: skip

    def workers(self, function: str) -> int:
        return self.gearmand.functions().get(function, (0, 0, 0))[2]


def pool(function: str, target: str = "code:note", processes: str = "2", **more: str) -> str:
    lines = {"function": function, "target": target, "processes": processes, **more}
    return "".join(f'{key.replace("_", "-")} = "{value}"\n' for key, value in lines.items())


@pytest.fixture
def fleet(tmp_path: Path, gearmand: Gearmand, notes: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path, gearmand, notes)
    yield made
    made.stop()


def test_a_rolling_restart_under_load_cuts_no_job_and_leaves_no_function_without_a_worker(
    fleet: Fleet, client: Client, gearmand: Gearmand, notes: Path
) -> None:
    fleet.write(*map(pool, FUNCTIONS))
    fleet.start()
    await_that(lambda: all(fleet.workers(one) == 2 for one in FUNCTIONS), "all are served")
    sent = [client.submit(FUNCTIONS[number % 3], b"x").job_id for number in range(JOBS)]
    bare: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK):
            bare.extend(one for one in FUNCTIONS if not fleet.workers(one))

    watching = threading.Thread(target=look)
    watching.start()
    try:
        before = set(children(fleet.pid))
        done = fleet.reload()
        assert done.returncode == 0, done.stdout + done.stderr
        assert left(gearmand), "the restart was over before the jobs were"
        await_that(lambda: not left(gearmand), "all done", 90)
    finally:
        over.set()
        watching.join()

    assert bare == []
    assert Counter(notes.read_text().split()) == Counter(sent)
    await_that(lambda: not before & set(children(fleet.pid)), "the old ones have ended")


def test_a_reload_takes_new_code_new_pools_and_drops_old_ones(fleet: Fleet, caller: Caller) -> None:
    fleet.write(pool("first"), pool("second"))
    fleet.start()
    assert caller.call("first", b"x")[-1][1] == b"1"
    fleet.code.write_text(CODE.replace('b"1"', 'b"number two"'))
    fleet.write(pool("first"), pool("third"))

    assert fleet.reload().returncode == 0

    assert caller.call("first", b"x")[-1][1] == b"number two"
    assert caller.call("third", b"x")[-1][1] == b"number two"
    await_that(lambda: not fleet.workers("second"), "the dropped pool ends")


@pytest.mark.parametrize("broken", ["file", "code"])
def test_what_is_broken_leaves_the_old_one_at_work_and_says_why(
    broken: str, fleet: Fleet, caller: Caller
) -> None:
    fleet.write(pool("first"))
    fleet.start()
    if broken == "file":
        fleet.write(pool("first", attempts="none"))
        sentence = "fleet.toml, pool 1 (first): Invalid value for '--attempts'"
    else:
        fleet.code.write_text("import nowhere_at_all")
        sentence = "pool first cannot be restarted: there is no module nowhere_at_all"

    done = fleet.reload()

    assert done.returncode == 1
    assert sentence in done.stdout
    assert caller.call("first", b"x")[-1][1] == b"1"


def test_a_long_job_outlives_the_restart_of_its_pool(
    fleet: Fleet, caller: Caller, gearmand: Gearmand
) -> None:
    fleet.write(pool("first", "code:slow", grace="0.1s"))
    fleet.start()
    heard: list[object] = []
    calling = threading.Thread(target=lambda: heard.extend(caller.call("first", b"3")))
    calling.start()
    await_that(lambda: gearmand.functions()["first"][1] == 1, "it runs")

    assert fleet.reload().returncode == 0
    calling.join()

    assert heard[-1][1] == b"slept"  # type: ignore[index]


def test_a_pool_grows_while_jobs_wait(fleet: Fleet, client: Client) -> None:
    fleet.write(pool("first", "code:slow", processes="1..4"))
    fleet.start()
    assert fleet.workers("first") == 1
    client.submit_many(("first", b"1.5") for _ in range(12))

    await_that(lambda: fleet.workers("first") == 4, "it has grown to its most")


def test_a_supervisor_that_dies_is_started_again_and_costs_the_other_pools_nothing(
    fleet: Fleet, caller: Caller, gearmand: Gearmand
) -> None:
    fleet.write(pool("first"), pool("second"))
    fleet.start()
    victim, other = served_by(gearmand, "first"), served_by(gearmand, "second")

    os.kill(victim, signal.SIGKILL)

    await_that(lambda: served_by(gearmand, "first") not in (0, victim), "it is served again")
    assert caller.call("first", b"x")[-1][1] == b"1"
    assert served_by(gearmand, "second") == other


def test_a_signal_to_all_processes_drains_all_pools(
    fleet: Fleet, caller: Caller, gearmand: Gearmand
) -> None:
    fleet.write(pool("first", "code:slow"))
    fleet.start()
    heard: list[object] = []
    calling = threading.Thread(target=lambda: heard.extend(caller.call("first", b"2")))
    calling.start()
    await_that(lambda: gearmand.functions()["first"][1] == 1, "it runs")

    for pid in [fleet.pid, *descendants(fleet.pid)]:
        os.kill(pid, signal.SIGTERM)
    calling.join()

    assert heard[-1][1] == b"slept"  # type: ignore[index]
    assert fleet.wait() == 0
    assert "failed attempt" not in fleet.output()


def test_sighup_restarts_too(fleet: Fleet, gearmand: Gearmand) -> None:
    fleet.write(pool("first"))
    fleet.start()
    before = served_by(gearmand, "first")

    fleet.send(signal.SIGHUP)

    await_that(lambda: served_by(gearmand, "first") not in (0, before), "another one serves")


def test_check_names_the_pool_whose_code_is_broken(fleet: Fleet) -> None:
    fleet.write(pool("first"), pool("second", "code:missing"))

    done = subprocess.run(
        [BIN / "gearmang", "fleet", "check", "--config", fleet.config],
        capture_output=True, text=True, timeout=COMMAND_TIMEOUT,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stdout == (
        "pool first: can be used\npool second: code has no missing; write module:function\n"
    )


def test_a_fleet_whose_pools_all_are_broken_ends_with_one_line(fleet: Fleet) -> None:
    fleet.write(pool("first", "code:missing"))
    done = subprocess.run(fleet.command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "gearmang: no pool can start: first: code has no missing; write module:function"
    )


def left(gearmand: Gearmand) -> int:
    """The jobs that are not done yet."""
    counts = gearmand.functions()
    return sum(counts[one][0] for one in FUNCTIONS)


def served_by(gearmand: Gearmand, function: str) -> int:
    """The process that serves a function; 0: none, or more than one."""
    ids = {
        line.split()[2].split(":")[1].split("#")[0]
        for line in gearmand.ask("workers").splitlines()
        if line.endswith(f": {function}")
    }
    return int(ids.pop()) if len(ids) == 1 else 0


def children(pid: int) -> list[int]:
    return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def descendants(pid: int) -> list[int]:
    return [one for child in children(pid) for one in (child, *descendants(child))]
