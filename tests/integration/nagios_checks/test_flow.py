"""Queues of a real gearmand that move, and that do not, seen over some runs of the check."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gearmang.protocol.key import JobKey, mark_of
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.daemons.registrations import Registrations
from tests.integration.nagios_checks.plugin import Run, check


class Watched:
    """The check run again and again with one state file."""

    def __init__(self, gearmand: Gearmand, folder: Path) -> None:
        self._options = ("-H", gearmand.address, "--state", folder / "flow.json", "--window", "2s")

    def run(self, *more: object) -> Run:
        return check("flow", *self._options, *more)

    def until(self, says: str, *more: object) -> Run:
        found: list[Run] = []

        def seen() -> bool:
            found.append(self.run(*more))
            return says in found[-1].line

        try:
            await_that(seen, says, 30)
        except TimeoutError:
            raise TimeoutError(f"{says}: not in {found[-1]}") from None
        return found[-1]


@pytest.fixture
def watched(gearmand: Gearmand, tmp_path: Path) -> Watched:
    return Watched(gearmand, tmp_path)


def submit(there: Registrations, count: int, age: float = 0.0) -> None:
    """Jobs of ``resize`` with keys of ours, submitted so long ago."""
    at = time.time() - age
    for number in range(count):
        key = JobKey(f"{number + 1:032x}", at, mark_of("resize"))
        there.submit(b"resize", unique=str(key).encode())


def test_jobs_that_nobody_serves_are_critical_at_the_second_look(
    gearmand: Gearmand, watched: Watched
) -> None:
    with Registrations(gearmand) as there:
        submit(there, 3)
        assert watched.run().state == "UNKNOWN", "nothing is known after one look"
        run = watched.until("resize is unserved: no workers, 3 waiting")
    assert run.state == "CRITICAL"
    assert run.perfdata["resize--flow"] == 8


def test_jobs_that_idle_workers_leave_are_stuck(gearmand: Gearmand, watched: Watched) -> None:
    with Registrations(gearmand) as there:
        there.worker([b"resize"])
        submit(there, 3)
        run = watched.until("resize is stuck: nothing moves, and workers are idle, 3 waiting")
    assert run.state == "CRITICAL"


def test_workers_of_which_none_ends_its_job_hang(gearmand: Gearmand, watched: Watched) -> None:
    with Registrations(gearmand) as there:
        submit(there, 3)
        there.grab(there.worker([b"resize"]))
        run = watched.until("resize hangs: all workers are busy, and no job ends, 2 waiting")
    assert run.state == "CRITICAL"


def test_the_oldest_job_is_told_by_its_key_at_the_first_look(
    gearmand: Gearmand, watched: Watched
) -> None:
    with Registrations(gearmand) as there:
        there.worker([b"resize"])
        submit(there, 3, age=7200)
        run = watched.run("--age", "5m,1h")
    assert run.state == "CRITICAL"
    assert "its oldest job has waited 2h (limit 1h)" in run.line


def test_what_is_empty_or_works_is_ok_from_the_first_look(
    gearmand: Gearmand, watched: Watched
) -> None:
    with Registrations(gearmand) as there:
        there.worker([b"resize"])
        run = watched.run("--age", "1s,2s", "--running", "1s,2s", "--drain", "1s,2s")
    assert run.state == "OK", run
    assert run.line.endswith(f"1 queue empty or moving on {gearmand.address}")


def test_a_state_that_cannot_be_kept_is_critical(gearmand: Gearmand, tmp_path: Path) -> None:
    run = check("flow", "-H", gearmand.address, "--state", tmp_path / "nowhere" / "flow.json")
    assert run.state == "CRITICAL"
    assert "cannot be made: No such file or directory, see --state" in run.line
