"""What a worker says of itself, and what monitors read out of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearmang.watch.worker_id import LONGEST_ID, WorkerId


def test_an_id_is_read_back_as_it_was_written() -> None:
    worker = WorkerId("resize", "web-1.example.org", 4711, 1_795_000_000)

    assert str(worker) == "resize@web-1.example.org:4711+1795000000"
    assert WorkerId.parse(str(worker)) == worker


@given(st.text(max_size=300), st.text(max_size=300), st.integers(0, 2**22), st.integers(0, 2**33))
def test_any_id_fits_gearmand_and_keeps_its_numbers(
    name: str, host: str, pid: int, started: int
) -> None:
    text = str(WorkerId(name, host, pid, started))
    read = WorkerId.parse(text)

    assert len(text.encode()) <= LONGEST_ID
    assert not any(character.isspace() for character in text)
    assert read is not None
    assert (read.pid, read.started) == (pid, started)


@pytest.mark.parametrize(
    "client_id",
    ["", "-", "resize", "resize@host", "resize@host:1", "resize@host:x+1", "a b@host:1+2",
     "resize@host:1+2 ", "resize@host:1+2\n", "resize@host:٤+1"],
)  # fmt: skip
def test_an_id_of_another_form_is_none(client_id: str) -> None:
    assert WorkerId.parse(client_id) is None


def test_the_age_is_counted_from_the_start() -> None:
    assert WorkerId("f", "h", 1, 1000).age(now=1060.5) == 60.5


def test_a_clock_behind_the_workers_gives_the_age_0() -> None:
    assert WorkerId("f", "h", 1, 1000).age(now=990.0) == 0.0


def test_a_slot_at_a_long_job_says_since_when() -> None:
    worker = WorkerId("resize", "web-1", 4711, 1_795_000_000, slot=3, job_started=1_795_000_100)

    assert str(worker) == "resize@web-1:4711#3+1795000000~1795000100"
    assert WorkerId.parse(str(worker)) == worker
