"""Jobs that are not to be run: too early, too large, failed already."""

from gearmang.job.envelope import Envelope
from gearmang.protocol.key import JobKey
from gearmang.worker.grabbing import Assigned
from gearmang.worker.sifting import HELD_HERE, Sieve
from tests.unit.worker.parts import JOB_ID, NOW, FakeLink, assigned, key, options
from tests.unit.worker.test_aftermath import MARK, Bench


class Sifting(Bench):
    """A sieve before the aftermath."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[float] = []
        self.sieve = Sieve(
            options(max_payload=1000),
            self.clock,
            self.aftermath,
            self.unsettled,
            new_id=lambda: "f" * 32,
            expect=self.expected.append,
        )

    def stops(self, job: Assigned) -> bool:
        return self.sieve.stops(job, lambda _job, until: self.held.append(until), self.settle)


def test_a_job_whose_time_has_come_is_run() -> None:
    sifting = Sifting()

    for unique in (key(), key(not_before=NOW), "a.user.s.key.with.six.dots", "plain", ""):
        assert not sifting.stops(assigned(sifting.link, unique))


def test_a_job_that_is_much_too_early_goes_back_to_gearmand_until_its_time() -> None:
    sifting = Sifting()
    assert sifting.stops(assigned(sifting.link, key(3, 2, NOW + 3600), b"payload"))

    copy = sifting.link.submitted[0]
    assert (copy.payload, copy.at) == (b"payload", NOW + 3600)
    assert JobKey.parse(copy.unique) == JobKey(JOB_ID, NOW - 60, MARK, 4, 2, int(NOW + 3600))
    assert sifting.link.said == []
    sifting.link.created()
    assert sifting.link.said[-1] == "FAIL H:gm1:1"


def test_others_are_asked_for_while_it_goes_back() -> None:
    sifting = Sifting()
    sifting.stops(assigned(sifting.link, key(not_before=NOW + 3600)))

    assert sifting.link.is_free


def test_a_job_that_is_a_little_early_is_held_here() -> None:
    sifting = Sifting()

    assert sifting.stops(assigned(sifting.link, key(not_before=NOW + HELD_HERE)))
    assert sifting.held == [NOW + HELD_HERE]
    assert sifting.link.submitted == []


def test_a_key_of_another_function_holds_nothing_up() -> None:
    sifting = Sifting()
    other = str(JobKey(JOB_ID, NOW, "abcdef", 1, 1, int(NOW + 3600)))

    assert not sifting.stops(assigned(sifting.link, other))


def test_a_gearmand_whose_clock_is_ahead_is_given_later_times() -> None:
    sifting = Sifting()
    sifting.stops(assigned(sifting.link, key(1, 1, NOW + 110)))
    again = sifting.link.submitted[0].unique
    sifting.stops(assigned(sifting.link, again))  # at once: its clock is 110 s ahead, or more

    assert sifting.link.ahead == 110
    assert sifting.link.submitted[1].at == NOW + 220


def test_a_postponed_job_of_another_client_keeps_the_id_that_it_got() -> None:
    sifting = Sifting()
    envelope = Envelope(payload=b"p", job_id=JOB_ID, not_before=NOW + 3600).pack()
    job = assigned(sifting.link, "u", envelope)
    sifting.sieve.postpone(job, NOW + 3600, lambda _job, _until: None, sifting.settle)

    copy = sifting.link.submitted[0]
    assert Envelope.unpack(copy.payload, copy.unique.encode(), "f" * 32, MARK).delivery == 2
    assert copy.unique == str(JobKey(JOB_ID, NOW, MARK, 2, 1, int(NOW + 3600)))


def test_a_job_above_the_bound_becomes_a_dead_letter_that_says_so_without_its_payload() -> None:
    sifting = Sifting()
    assert sifting.stops(assigned(sifting.link, key(2, 2), b"x" * 10, missing=991))

    letter = sifting.letter
    assert (letter.job_id, letter.delivery, letter.payload) == (JOB_ID, 2, b"")
    assert letter.history[0].error_type == "TooLarge"
    assert letter.history[0].error_message == (
        "the payload of 1,001 bytes is above --max-payload of 1,000; it was not kept: "
        "H:gm1:1 at gm1:4730"
    )


def test_a_job_above_the_bound_of_another_client_has_an_id_of_ours() -> None:
    sifting = Sifting()
    sifting.stops(assigned(sifting.link, "u", missing=5000))

    assert sifting.letter.job_id == "f" * 32


def test_a_failed_job_that_comes_again_is_not_run_again_but_its_copy_is_handed_over() -> None:
    sifting = Sifting()
    sifting.fail(data=b"payload")
    sifting.link.lose("did not say in time that it queued a job")
    sifting.link.come_back()

    assert sifting.stops(assigned(sifting.link, key(), b"payload"))
    assert sifting.link.submitted[1] == sifting.link.submitted[0]
    sifting.link.created()
    assert sifting.link.said[-1] == "FAIL H:gm1:1"


def test_a_server_that_confirms_too_late_is_waited_for_longer_each_time() -> None:
    sifting = Sifting()
    sifting.fail(data=b"payload")
    patience = []
    for _ in range(3):
        patience.append(sifting.link.awaited[0].deadline - sifting.clock.monotonic())
        sifting.link.lose("did not say in time that it queued a job")
        sifting.link.come_back()
        sifting.stops(assigned(sifting.link, key(), b"payload"))

    assert patience == [10, 20, 40]


def test_a_failed_job_whose_copy_was_seen_is_let_go_without_another_copy() -> None:
    sifting = Sifting()
    sifting.fail(data=b"payload")
    sifting.link.lose("cut")
    sifting.link.come_back()
    copy = sifting.link.submitted[0]

    assert not sifting.stops(assigned(sifting.link, copy.unique, copy.payload, "H:gm1:2"))
    assert sifting.stops(assigned(sifting.link, key(), b"payload"))
    assert len(sifting.link.submitted) == 1
    assert sifting.link.said[-1] == "FAIL H:gm1:1"


def test_another_job_under_a_users_key_is_run_although_the_first_is_not_settled() -> None:
    sifting = Sifting()
    sifting.fail("my-key", b"payload")
    sifting.link.lose("cut")
    sifting.link.come_back()

    assert not sifting.stops(assigned(sifting.link, "my-key", b"another payload"))
    assert not sifting.stops(assigned(FakeLink(), "my-key", b"payload", "H:gm1:2"))
    assert sifting.stops(assigned(sifting.link, "my-key", b"payload"))


def test_a_server_that_schedules_nothing_has_its_early_jobs_held_here() -> None:
    sifting = Sifting()
    sifting.link.timeless = True

    assert sifting.stops(assigned(sifting.link, key(not_before=NOW + 3600)))
    assert sifting.held == [NOW + 3600]
    assert sifting.link.submitted == []
