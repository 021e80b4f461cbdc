"""Marks that processes carry, and what is done to those that carry them."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest

from gearmang.worker import place

DEAD = 0x7FFFFF  # above any pid that Linux gives here


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    """A child that says when it runs."""
    code = "import time; print('.', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def carry(pid: int, mark: int) -> None:
    before = resource.prlimit(pid, 10)
    resource.prlimit(pid, 10, (mark, before[1]))


def test_a_mark_is_read_from_outside_and_no_process_has_one_by_itself(
    sleeper: "subprocess.Popen[bytes]",
) -> None:
    assert place.mark_of_process(sleeper.pid) is None
    mark = place.new_mark(os.getpid(), 7)
    carry(sleeper.pid, mark)

    assert place.mark_of_process(sleeper.pid) == mark
    assert place.mark_of_process(DEAD) is None


def test_marks_of_executors_differ() -> None:
    marks = {place.new_mark(pid, number) for pid in (1, 2) for number in (1, 2)}

    assert len(marks) == 4


def test_only_children_with_the_mark_are_ended(sleeper: "subprocess.Popen[bytes]") -> None:
    others = place.children() - {sleeper.pid}
    carry(sleeper.pid, place.new_mark(os.getpid(), 7))
    place.kill_children(others, place.new_mark(os.getpid(), 8))
    assert sleeper.poll() is None

    place.kill_children(others, place.new_mark(os.getpid(), 7))

    assert not (place.children() - others)


def test_what_a_killed_worker_has_left_is_ended_and_that_of_a_living_one_is_not(
    sleeper: "subprocess.Popen[bytes]",
) -> None:
    carry(sleeper.pid, place.new_mark(os.getpid(), 7))
    assert sleeper.pid not in place.kill_left_behind()

    carry(sleeper.pid, place.new_mark(DEAD, 7))

    assert sleeper.pid in place.kill_left_behind()


def test_the_revision_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEARMANG_REVISION", "r" * 300)

    assert place.revision() == "r" * 200


def test_memory_of_a_process_that_is_gone_is_nothing() -> None:
    assert place.resident_bytes(DEAD) == 0
    assert place.resident_bytes(os.getpid()) > 1_000_000
