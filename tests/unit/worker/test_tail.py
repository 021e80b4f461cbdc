"""What jobs print: passed on within bounds, its end kept."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.worker.tail import KEPT, PASSED_ON, Tail


class Bench:
    """A tail between a job's output and the worker's log."""

    def __init__(self, log: Path) -> None:
        reader, self.writer = os.pipe()
        os.set_blocking(reader, False)
        self.log = log
        self.sink = os.open(log, os.O_WRONLY | os.O_CREAT)
        self.tail = Tail(reader, self.sink)

    def prints(self, data: bytes) -> None:
        for start in range(0, len(data), 32_768):
            os.write(self.writer, data[start : start + 32_768])
            assert self.tail.read()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "log")
    yield made
    made.tail.close()
    os.close(made.sink)


def test_the_output_goes_on_to_the_log_and_its_end_is_kept(bench: Bench) -> None:
    bench.prints(b"begin " + b"x" * KEPT + b" end")

    assert bench.log.read_bytes().startswith(b"begin ")
    assert bench.tail.text is not None
    assert bench.tail.text.endswith(" end")
    assert len(bench.tail.text) == KEPT


def test_a_flood_does_not_fill_the_log(bench: Bench) -> None:
    bench.prints(b"x" * (PASSED_ON + 100_000))
    bench.prints(b"the end")

    assert bench.log.stat().st_size < PASSED_ON + 100
    assert b"the rest of this job's output is left out" in bench.log.read_bytes()
    assert bench.tail.text is not None
    assert bench.tail.text.endswith("the end")


def test_the_next_job_begins_with_nothing_said(bench: Bench) -> None:
    bench.prints(b"of the job before")
    bench.tail.start()

    assert bench.tail.text is None


def test_what_is_left_in_the_pipe_is_taken_at_the_end(bench: Bench) -> None:
    os.write(bench.writer, b"last words")
    bench.tail.drain()

    assert bench.tail.text == "last words"


def test_the_end_of_all_writers_is_noticed(bench: Bench) -> None:
    os.close(bench.writer)

    assert not bench.tail.read()
