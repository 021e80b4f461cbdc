"""After a failed attempt: what is queued, under which key, and when the job is let go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from gearmang.job.spool import Spool
from gearmang.protocol.key import LARGEST_COUNT, JobKey, mark_of
from gearmang.worker.aftermath import SUBMIT_TIMEOUT, Aftermath
from gearmang.worker.attempt import Attempt
from gearmang.worker.spooling import Spooling
from gearmang.worker.unsettled import Unsettled
from tests.unit.worker.parts import (
    FUNCTION,
    JOB_ID,
    NOW,
    FakeClock,
    FakeLink,
    assigned,
    key,
    options,
)

MARK = mark_of(FUNCTION)
RUN = "fedcba9876543210"


class Bench:
    """An aftermath with one link, and a job on it."""

    def __init__(self, spool: Path | None = None, **given: Any) -> None:
        self.clock, self.link = FakeClock(), FakeLink()
        self.settled = 0
        self.expected: list[float] = []
        self.unsettled = Unsettled()
        self.spool = Spool(spool) if spool else None
        self.spooling = Spooling(self.spool, self.clock, lambda: [self.link], lambda: None)
        self.aftermath = Aftermath(
            options(**given),
            {"host": "h", "revision": "r1"},
            self.clock,
            spooling=self.spooling,
            unsettled=self.unsettled,
            expect=self.expected.append,
        )

    def fail(self, unique: str = key(), data: bytes = b"payload", **given: Any) -> None:
        dossier = given.pop("dossier", Dossier(outcome="failure", error_type="KeyError"))
        job = assigned(self.link, unique, data)
        attempt = Attempt(job, 7, self.clock.monotonic() - 2.0, RUN, "resize@h:1+2")
        self.aftermath.failed(attempt, dossier, self.settle, **given)

    def settle(self) -> None:
        self.settled += 1

    @property
    def copy_key(self) -> JobKey:
        found = JobKey.parse(self.link.submitted[-1].unique)
        assert found is not None
        return found

    @property
    def letter(self) -> Envelope:
        assert self.link.submitted[-1].function == "gearmang"
        return Envelope.unpack(self.link.submitted[-1].payload)


def test_the_job_is_let_go_only_once_gearmand_has_the_copy() -> None:
    bench = Bench()
    bench.fail()
    assert (bench.link.said, bench.settled) == ([], 0)

    bench.link.created()

    assert bench.link.heard()[-1] == "FAIL H:gm1:1"
    assert bench.settled == 1


def test_a_copy_has_the_jobs_id_and_times_and_is_the_next_delivery_and_attempt() -> None:
    bench = Bench()
    bench.fail(key(delivery=4, attempt=2))

    assert bench.copy_key == JobKey(JOB_ID, NOW - 60, MARK, 5, 3)
    assert bench.link.submitted[0].priority == "low"


def test_a_lost_attempt_is_a_new_delivery_and_no_new_attempt() -> None:
    bench = Bench()
    bench.fail(key(2, 2), dossier=Dossier(outcome="lost", error_type="WorkerStopped"))

    assert (bench.copy_key.delivery, bench.copy_key.attempt) == (3, 2)


def test_a_retry_travels_byte_for_byte_whatever_befell_the_job() -> None:
    bench = Bench()
    bench.fail(data=b"\0any\xffbytes")

    assert bench.link.submitted[0].payload == b"\0any\xffbytes"


def test_a_dead_letter_holds_the_attempts_that_were_seen_here() -> None:
    bench = Bench(attempts=2)
    bench.fail(key(1, 1), dossier=Dossier(outcome="failure", error_type="First"))
    bench.link.submitted.clear()
    bench.fail(key(2, 2), dossier=Dossier(outcome="failure", error_type="Second"))

    assert [dossier.error_type for dossier in bench.letter.history] == ["First", "Second"]


def test_a_job_of_another_client_gets_an_id_of_ours_and_the_time_of_its_first_start() -> None:
    bench = Bench()
    bench.fail("3f2b8c1e-9a54-4d0c-8e7d-5a1b2c3d4e5f")

    assert bench.copy_key == JobKey(f"{RUN}{7:016x}", NOW - 2, MARK, 2, 2)


def test_a_copy_never_has_the_key_of_the_job_that_it_is_a_copy_of() -> None:
    bench = Bench()
    last = key(LARGEST_COUNT, 1)
    bench.fail(last, dossier=Dossier(outcome="lost", error_type="WorkerStopped"))

    assert bench.link.submitted[0].unique != last


def test_a_delayed_copy_says_its_time_in_the_key_and_to_gearmand() -> None:
    bench = Bench()
    bench.fail(after=7.5)

    assert bench.copy_key.not_before == NOW + 8
    assert bench.link.submitted[0].at == NOW + 8
    assert bench.expected == [NOW + 8]


def test_a_delay_counts_from_gearmands_clock_where_that_is_known_to_be_ahead() -> None:
    bench = Bench()
    bench.link.ahead = 120.0
    bench.fail(after=7.5)

    assert bench.copy_key.not_before == NOW + 8
    assert bench.link.submitted[0].at == NOW + 128


def test_the_last_attempt_makes_a_dead_letter_that_holds_everything() -> None:
    bench = Bench(attempts=3)
    bench.fail(key(3, 3), b"payload")

    letter = bench.letter
    assert (letter.job_id, letter.delivery, letter.payload) == (JOB_ID, 3, b"payload")
    assert (letter.function, letter.server) == (FUNCTION, "gm1:4730")
    assert bench.link.submitted[0].unique == f"{JOB_ID}-3"
    assert letter.history[-1].duration_seconds == pytest.approx(2.0)


def test_reply_only_tells_the_caller_and_queues_nothing() -> None:
    bench = Bench(reply_only=True)
    bench.fail(dossier=Dossier(outcome="failure", error_type="KeyError", error_message="x"))

    assert bench.link.submitted == []
    assert bench.link.heard()[-1] == "FAIL H:gm1:1"
    assert bench.settled == 1


def test_exceptions_never_open_the_breaker() -> None:
    bench = Bench(breaker=1, attempts=9)
    for _ in range(3):
        bench.fail()

    assert {copy.function for copy in bench.link.submitted} == {FUNCTION}


def test_crashes_open_the_breaker() -> None:
    bench = Bench(breaker=1, attempts=9)
    bench.fail(dossier=Dossier(outcome="crashed", error_type="SIGSEGV", signal=11), killed=True)

    assert bench.letter.history[-1].error_type == "SIGSEGV"


def test_a_refused_copy_goes_to_the_spool_and_the_job_is_let_go(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.fail()
    bench.link.refuse()

    assert bench.spool is not None
    kept = bench.spool.oldest()
    assert kept is not None
    assert kept.packed.unique == str(JobKey(JOB_ID, NOW - 60, MARK, 2, 2))
    assert bench.link.heard()[-1] == "FAIL H:gm1:1"


def test_a_refused_copy_without_a_spool_leaves_the_job_with_gearmand() -> None:
    bench = Bench()
    bench.fail()
    bench.link.refuse("queue full")

    assert bench.link.heard() == ["LOST refused a copy (queue full); it keeps the job"]
    assert bench.settled == 1


def test_a_job_whose_connection_was_lost_is_gearmands_again_and_nothing_is_queued() -> None:
    bench = Bench()
    job = assigned(bench.link, key())
    bench.link.come_back()
    attempt = Attempt(job, 7, bench.clock.monotonic(), RUN, "w")
    bench.aftermath.failed(attempt, Dossier(outcome="failure", error_type="E"), bench.settle)

    assert bench.link.submitted == []
    assert bench.settled == 1


def test_a_copy_that_gearmand_did_not_confirm_is_remembered() -> None:
    bench = Bench()
    bench.fail()
    assert bench.link.awaited[0].deadline == bench.clock.monotonic() + SUBMIT_TIMEOUT
    bench.link.lose("cut")

    assert len(bench.unsettled) == 1
    assert bench.settled == 1
    pending = bench.unsettled.seen(assigned(bench.link, key(), b"payload"))
    assert pending is not None
    assert pending.copy == bench.link.submitted[0]


def test_what_the_log_says_of_a_job_holds_no_line_and_no_escape_of_the_jobs_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hostile = "x\n2026-11-25 00:00:00 ERROR forged\x1b[2J"
    Bench().fail(dossier=Dossier(outcome="failure", error_type="E", error_message=hostile))

    assert "\n" not in caplog.messages[-1]
    assert "\x1b" not in caplog.messages[-1]
    assert "forged" in caplog.messages[-1]


def test_no_secret_and_no_control_of_a_jobs_error_reaches_the_workers_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    hostile = "login password=s3cret failed\n\x1b[2Jforged line"
    attempt = Attempt(assigned(bench.link, key()), 7, bench.clock.monotonic(), RUN, "w")
    dossier = Dossier(outcome="failure", error_type="E", error_message=hostile)
    bench.aftermath.failed(attempt, dossier, bench.settle)
    told = caplog.records[-1].getMessage()
    assert "s3cret" not in told
    assert told.isprintable()


def test_where_no_keys_are_told_a_job_has_one_attempt() -> None:
    bench = Bench(attempts=3)
    bench.link.keyless = True
    bench.fail("", b"payload")

    assert bench.letter.payload == b"payload"
    assert bench.link.submitted[0].function == "gearmang"


def test_where_nothing_is_scheduled_only_the_key_says_the_time() -> None:
    bench = Bench()
    bench.link.timeless = True
    bench.fail(after=7.5)

    assert bench.copy_key.not_before == NOW + 8
    assert bench.link.submitted[0].at is None
