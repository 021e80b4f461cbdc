"""Copies that gearmand refused come back to it, oldest first, each once."""

from pathlib import Path

import pytest

from gearmang.errors import SpoolError
from gearmang.job.spool import Spool
from gearmang.job.submission import Packed
from gearmang.worker.spooling import SPOOL_RETRY, SPOOL_TIMEOUT, Spooling
from tests.unit.worker.parts import FakeClock, FakeLink


class Bench:
    """A spool with two copies, and a link."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock, self.link = FakeClock(), FakeLink()
        self.settled = 0
        self.spool = Spool(folder)
        self.spooling = Spooling(self.spool, self.clock, lambda: [self.link], self.settle)
        for number in (1, 2):
            assert self.spooling.keep(Packed("f", b"%d" % number, f"u{number}"), "queue full")
        self.clock.go(SPOOL_RETRY)

    def settle(self) -> None:
        self.settled += 1

    @property
    def files(self) -> int:
        return len(list(self.folder.glob("*.job")))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_without_a_spool_nothing_is_kept_and_nothing_waits() -> None:
    spooling = Spooling(None, FakeClock(), list, lambda: None)

    assert not spooling.keep(Packed("f", b"", "u"), "queue full")
    assert not spooling.bring_back()
    assert spooling.next_tick() == float("inf")


def test_the_file_is_removed_only_once_gearmand_has_the_copy(bench: Bench) -> None:
    assert bench.spooling.bring_back()
    assert bench.files == 2

    bench.link.created()

    assert bench.files == 1
    assert [copy.unique for copy in bench.link.submitted] == ["u1"]


def test_no_job_is_taken_while_a_copy_is_under_way_and_no_second_copy_sent(bench: Bench) -> None:
    assert bench.spooling.bring_back()
    assert bench.spooling.bring_back()

    assert len(bench.link.submitted) == 1
    assert bench.link.awaited[0].deadline == bench.clock.monotonic() + SPOOL_TIMEOUT


def test_the_next_copy_follows_at_once(bench: Bench) -> None:
    bench.spooling.bring_back()
    bench.link.created()
    assert bench.settled == 1

    assert bench.spooling.bring_back()
    assert [copy.unique for copy in bench.link.submitted] == ["u1", "u2"]


def test_after_a_refusal_jobs_are_taken_until_it_is_time_to_try_again(bench: Bench) -> None:
    bench.spooling.bring_back()
    bench.link.refuse()
    assert not bench.spooling.bring_back()
    assert bench.spooling.next_tick() == bench.clock.monotonic() + SPOOL_RETRY

    bench.clock.go(SPOOL_RETRY)

    assert bench.spooling.bring_back()
    assert bench.files == 2


def test_a_lost_connection_ends_the_wait_and_keeps_the_copy(bench: Bench) -> None:
    bench.spooling.bring_back()
    bench.link.lose("cut")
    assert bench.settled == 1
    bench.clock.go(SPOOL_RETRY)
    assert not bench.spooling.bring_back()  # there is nobody to give it to

    bench.link.come_back()
    bench.clock.go(SPOOL_RETRY)

    assert bench.spooling.bring_back()


def test_another_worker_may_use_the_spool_once_the_copy_is_settled(bench: Bench) -> None:
    other = Spool(bench.folder)
    bench.spooling.bring_back()
    assert other.oldest() is None

    bench.link.refuse()

    assert other.oldest() is not None


def test_a_spool_that_cannot_be_used_is_said_and_stops_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise SpoolError("the spool is broken")

    bench.spooling.bring_back()
    monkeypatch.setattr(bench.spool, "remove", broken)
    bench.link.created()
    monkeypatch.setattr(bench.spool, "oldest", broken)
    monkeypatch.setattr(bench.spool, "add", broken)
    bench.clock.go(SPOOL_RETRY)

    assert not bench.spooling.bring_back()
    assert not bench.spooling.keep(Packed("f", b"", "u"), "queue full")
    assert caplog.messages.count("the spool is broken") == 3
