"""One job at a time: its limits, its outcome, its client id; with an executor that tests play."""

from __future__ import annotations

import itertools
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest

from gearmang.job.dossier import Dossier
from gearmang.watch.worker_id import WorkerId
from gearmang.worker import frames
from gearmang.worker import slot as slot_module
from gearmang.worker.autopsy import HARD_AFTER, Ending
from gearmang.worker.child import Child
from gearmang.worker.executors import Executors
from gearmang.worker.frames import Answer, Failure
from gearmang.worker.growth import Load
from gearmang.worker.keeper import Keeper
from gearmang.worker.lookout import Lookout
from gearmang.worker.loop import Loop
from gearmang.worker.sifting import Sieve
from gearmang.worker.slot import LONG_AFTER, MEMORY_CHECK, Shared, Slot
from gearmang.worker.tail import Tail
from tests.unit.worker.parts import NOW, FakeLink, key, options
from tests.unit.worker.test_aftermath import Bench


class FakeTail(Tail):
    """What the job has printed becomes known only when it is drained."""

    def __init__(self) -> None:
        self.drained = False

    def drain(self) -> None:
        self.drained = True

    @property
    def text(self) -> str | None:
        return "the last words" if self.drained else None


class FakeChild(Child):
    """An executor's process."""

    def __init__(self) -> None:
        self.pid = 4711
        self.first_sequence = 1
        self.condemned: str | None = None
        self.tail = FakeTail()
        self.rss = 0

    def resident_bytes(self) -> int:
        return self.rss

    def stack(self) -> str | None:
        return None


class FakeExecutors(Executors):
    """Always has one executor ready, and remembers what was asked of it."""

    def __init__(self, *_: object, **callbacks: Callable[..., Any]) -> None:
        self.on_answer, self.on_death = callbacks["on_answer"], callbacks["on_death"]
        self.child: FakeChild | None = FakeChild()
        self.ready = True
        self.did: list[str] = []

    @property
    def is_ready(self) -> bool:
        return self.ready

    @property
    def is_worn_out(self) -> bool:
        return False

    def run(self, sequence: int, body: bytes) -> None:
        self.did.append(f"run {sequence}")

    def replace(self) -> None:
        self.did.append("replace")

    def condemn(self, outcome: str) -> None:
        self.did.append(outcome)

    def tick(self, now: float) -> None:
        pass

    def next_tick(self) -> float:
        return float("inf")

    def end(self, deadline: float, *, cut_off: bool = False) -> None:
        self.did.append("end, cut off" if cut_off else "end")


class FakeKeeper(Keeper):
    def __init__(self) -> None:
        self.run_id = "fedcba9876543210"
        self.proven = True


class Slotted(Bench):
    """A slot with one link."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **given: Any) -> None:
        super().__init__(**given)
        monkeypatch.setattr(slot_module, "Link", lambda *_, **__: self.link)
        monkeypatch.setattr(slot_module, "Executors", FakeExecutors)
        self.woken: list[float] = []
        wanted = options(lifetime=0, **given)
        keeper = FakeKeeper()
        sieve = Sieve(
            wanted,
            self.clock,
            self.aftermath,
            self.unsettled,
            new_id=lambda: "f" * 32,
            expect=self.expected.append,
        )
        shared = Shared(
            loop=Loop(),
            clock=self.clock,
            keeper=keeper,
            aftermath=self.aftermath,
            sieve=sieve,
            spooling=self.spooling,
            lookout=Lookout(self.clock, self.woken.append),
            sequence=itertools.count(1),
            wake_by=self.woken.append,
            on_change=lambda _link, _what: None,
            load=Load(),
            left_behind=lambda _child: None,
        )
        self.slot = Slot(wanted, WorkerId("resize", "h", 1, 2, 3), shared)
        executors = self.slot.executors
        assert isinstance(executors, FakeExecutors)
        self.executors = executors
        self.slot.grabbing.next()

    def give(self, unique: str = key()) -> None:
        self.link.give(unique)
        self.link.heard()

    def answer(self, kind: int, body: bytes = b"") -> None:
        self.executors.on_answer(Answer(kind, body))

    def fail_job(self) -> None:
        dossier = Dossier(outcome="failure", error_type="KeyError")
        self.answer(frames.FAILED, Failure(dossier, True, None).body())

    def tick(self, passed: float) -> bool:
        self.clock.go(passed)
        return self.slot.tick(self.clock.monotonic())


@pytest.fixture
def slotted(monkeypatch: pytest.MonkeyPatch) -> Slotted:
    return Slotted(monkeypatch)


def test_a_result_is_told_and_the_next_job_asked_for(slotted: Slotted) -> None:
    slotted.give()
    assert slotted.slot.is_busy
    slotted.answer(frames.DONE, b"result")

    assert slotted.link.heard() == ["COMPLETE H:gm1:1 result", "GRAB"]
    assert (slotted.slot.done, slotted.slot.failed) == (1, 0)


def test_a_full_executor_is_replaced_before_the_next_job(slotted: Slotted) -> None:
    slotted.give()
    slotted.answer(frames.DONE_AND_FULL)

    assert slotted.executors.did == ["run 1", "replace"]


def test_what_the_job_printed_last_is_in_its_dossier(slotted: Slotted) -> None:
    slotted.give(key(3, 3))  # its last attempt: the dossier is on the dead letter
    slotted.fail_job()

    from gearmang.job.envelope import Envelope

    (dossier,) = Envelope.unpack(slotted.link.submitted[0].payload).history
    assert (dossier.stderr, dossier.pid) == ("the last words", 4711)
    assert slotted.executors.did == ["run 1", "replace"]


def test_progress_and_parts_are_passed_on(slotted: Slotted) -> None:
    slotted.give()
    slotted.answer(frames.PROGRESS, b"1\x003")
    slotted.answer(frames.DATA, b"part")

    assert slotted.link.heard() == ["STATUS H:gm1:1 1 3", "DATA H:gm1:1 part"]


def test_an_answer_that_comes_when_no_job_runs_says_nothing(slotted: Slotted) -> None:
    slotted.link.heard()
    slotted.answer(frames.DONE, b"result")

    assert slotted.link.heard() == []


def test_a_job_past_its_limit_is_condemned_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slotted = Slotted(monkeypatch, time_limit=10.0)
    slotted.give()
    slotted.tick(10.0 + HARD_AFTER - 0.1)
    assert slotted.executors.did == ["run 1"]
    slotted.tick(0.2)
    slotted.tick(1.0)

    assert slotted.executors.did == ["run 1", "timed_out"]


def test_the_limit_of_a_job_that_is_done_does_not_strike_the_executor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slotted = Slotted(monkeypatch, time_limit=10.0)
    slotted.give()
    slotted.answer(frames.DONE)
    slotted.tick(10.0 + HARD_AFTER + 1.0)

    assert slotted.executors.did == ["run 1"]


def test_a_job_that_has_grown_too_large_is_condemned(monkeypatch: pytest.MonkeyPatch) -> None:
    slotted = Slotted(monkeypatch, max_memory=1000)
    slotted.give()
    slotted.tick(MEMORY_CHECK)
    assert slotted.executors.did == ["run 1"]
    assert slotted.executors.child is not None
    slotted.executors.child.rss = 1000
    slotted.tick(MEMORY_CHECK)

    assert slotted.executors.did == ["run 1", "out_of_memory"]


def test_a_death_in_the_middle_of_a_job_is_the_jobs_failure(slotted: Slotted) -> None:
    slotted.give(key(3, 3))  # its last attempt: the dossier is on the dead letter
    slotted.executors.on_death(slotted.executors.child, Ending(None, 11))

    from gearmang.job.envelope import Envelope

    (dossier,) = Envelope.unpack(slotted.link.submitted[0].payload).history
    assert (dossier.outcome, dossier.error_type) == ("crashed", "SIGSEGV")
    assert not slotted.slot.is_busy


def test_a_death_between_two_jobs_is_nobodys_failure(slotted: Slotted) -> None:
    slotted.executors.on_death(slotted.executors.child, Ending(0, None))

    assert slotted.link.submitted == []
    assert slotted.slot.failed == 0


def test_a_job_that_takes_long_shows_in_the_client_id_since_when_until_it_ends(
    slotted: Slotted,
) -> None:
    slotted.give()
    slotted.tick(LONG_AFTER - 0.1)
    assert slotted.link.heard() == ["tick"]
    slotted.tick(0.2)
    assert slotted.link.heard() == [f"ID resize@h:1#3+2~{int(NOW)}", "tick"]

    slotted.answer(frames.DONE)

    assert slotted.link.heard() == ["ID resize@h:1#3+2", "COMPLETE H:gm1:1", "GRAB"]


def test_a_short_job_costs_no_packet_more(slotted: Slotted) -> None:
    slotted.give()
    slotted.tick(1.0)
    slotted.answer(frames.DONE)

    assert slotted.link.heard() == ["tick", "COMPLETE H:gm1:1", "GRAB"]


def test_a_job_that_is_not_to_be_started_yet_goes_back(slotted: Slotted) -> None:
    slotted.give()
    slotted.answer(frames.HELD, repr(NOW + 3600).encode())

    assert slotted.link.submitted[0].at == NOW + 3600
    assert not slotted.slot.is_busy


def test_no_job_is_taken_while_the_executor_is_not_ready(slotted: Slotted) -> None:
    slotted.give()
    slotted.executors.ready = False
    slotted.answer(frames.DONE)

    assert slotted.link.heard() == ["COMPLETE H:gm1:1"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_after_a_signal_the_job_ends_and_no_other_is_taken(
    number: signal.Signals, slotted: Slotted
) -> None:
    slotted.give()
    slotted.slot.life.signalled(number, slotted.clock.monotonic())
    assert slotted.tick(1.0)
    slotted.link.heard()
    slotted.answer(frames.DONE)

    assert slotted.link.heard() == ["COMPLETE H:gm1:1"]
    assert not slotted.tick(0.1)


def test_the_end_waits_for_a_copy_that_is_under_way(slotted: Slotted) -> None:
    slotted.give()
    slotted.fail_job()
    slotted.slot.life.signalled(signal.SIGTERM, slotted.clock.monotonic())
    assert slotted.tick(0.1)

    slotted.link.created()

    assert not slotted.tick(0.1)


def test_a_job_that_outlasts_the_grace_is_cut_off(slotted: Slotted) -> None:
    slotted.give()
    slotted.slot.life.signalled(signal.SIGTERM, slotted.clock.monotonic())
    slotted.tick(26.0)

    assert slotted.executors.did == ["run 1", "lost"]


def test_jobs_that_print_a_stack_are_told_by_what_gearmand_knows(
    slotted: Slotted, capsys: pytest.CaptureFixture[str]
) -> None:
    slotted.give("my-key")
    slotted.slot.print_stack()

    told = capsys.readouterr().err
    assert re.search(r"resize@h:1#3\+2: job [0-9a-f]{32} \(H:gm1:1\), attempt 1", told)
    assert "executor 4711:\nno answer" in told


def test_the_end_cuts_an_executor_off_that_runs_a_job(slotted: Slotted) -> None:
    slotted.give()
    slotted.slot.end(0.0)

    assert slotted.executors.did[-1] == "end, cut off"


def test_it_ends_its_executor_and_leaves_the_lookout(slotted: Slotted) -> None:
    slotted.slot.end(0.0)

    assert slotted.executors.did == ["end"]
    assert isinstance(slotted.link, FakeLink)
