"""Which job is taken from which server, and what gearmand is told."""

from collections.abc import Callable

import pytest

from gearmang.protocol import wire
from gearmang.protocol.server import Server
from gearmang.worker.grabbing import PATIENCE, SILENCE, Assigned, Grabbing
from tests.unit.worker.parts import FakeClock, FakeLink, assigned


class Bench:
    """Links, and a slot that runs one job at a time."""

    def __init__(self, servers: int = 1) -> None:
        self.clock = FakeClock()
        self.links = [FakeLink(Server(f"gm{number}", 4730)) for number in range(servers)]
        self.jobs: list[Assigned] = []
        self.found: list[object] = []
        self.busy = False
        self.sifts: Callable[[Assigned], bool] = lambda _job: False
        self.grabbing = Grabbing(
            self.links,
            self.clock,
            want=lambda: not self.busy,
            sift=lambda job: self.sifts(job),
            on_job=self.start,
            on_found=self.found.append,
        )

    def start(self, job: Assigned) -> None:
        assert not self.busy, "two jobs at once"
        self.busy = True
        self.jobs.append(job)

    def done(self) -> None:
        self.busy = False
        self.grabbing.complete(self.jobs[-1], b"result")


def test_the_result_and_the_wish_for_the_next_job_go_in_one_write() -> None:
    bench = Bench()
    bench.grabbing.next()
    bench.links[0].give()
    bench.done()

    assert bench.links[0].heard() == ["GRAB", "COMPLETE H:gm1:1 result", "GRAB"]


def test_a_result_is_not_told_to_a_connection_that_the_job_did_not_come_by() -> None:
    bench = Bench()
    bench.grabbing.next()
    bench.links[0].give()
    bench.links[0].lose("cut")
    bench.links[0].come_back()
    bench.links[0].heard()
    bench.done()

    assert bench.links[0].heard() == ["GRAB"]


def test_a_server_without_jobs_is_left_asleep_until_it_wakes_us() -> None:
    bench = Bench()
    bench.grabbing.next()
    bench.links[0].say(wire.NO_JOB)
    bench.grabbing.next()
    assert bench.links[0].heard() == ["GRAB", "SLEEP"]

    bench.links[0].say(wire.NOOP)

    assert bench.links[0].heard() == ["GRAB"]


def test_servers_are_asked_in_turn() -> None:
    bench = Bench(servers=2)
    bench.grabbing.next()
    bench.links[0].give()
    bench.done()

    assert [link.asked for link in bench.links] == [False, True]


def test_another_server_is_asked_when_one_takes_long() -> None:
    bench = Bench(servers=2)
    bench.grabbing.next()
    bench.clock.go(PATIENCE + 0.1)
    bench.grabbing.tick(bench.clock.monotonic())

    assert [link.asked for link in bench.links] == [True, True]


def test_the_slow_servers_job_waits_while_anothers_runs() -> None:
    bench = Bench(servers=2)
    bench.grabbing.next()
    bench.clock.go(PATIENCE + 0.1)
    bench.grabbing.tick(bench.clock.monotonic())
    bench.links[1].give(handle="H:gm2:1")
    bench.links[0].give(handle="H:gm1:1")
    assert [job.handle for job in bench.jobs] == [b"H:gm2:1"]

    bench.done()

    assert [job.handle for job in bench.jobs] == [b"H:gm2:1", b"H:gm1:1"]


def test_a_job_that_waited_here_is_forgotten_when_its_connection_is_lost() -> None:
    bench = Bench(servers=2)
    bench.grabbing.next()
    bench.clock.go(PATIENCE + 0.1)
    bench.grabbing.tick(bench.clock.monotonic())
    bench.links[1].give(handle="H:gm2:1")
    bench.links[0].give(handle="H:gm1:1")
    bench.links[0].lose("cut")
    bench.done()

    assert [job.handle for job in bench.jobs] == [b"H:gm2:1"]


def test_a_server_that_does_not_answer_is_given_up() -> None:
    bench = Bench()
    bench.grabbing.next()
    bench.clock.go(SILENCE - 1)
    bench.grabbing.tick(bench.clock.monotonic())
    assert bench.links[0].up

    bench.clock.go(1.1)
    bench.grabbing.tick(bench.clock.monotonic())

    assert bench.links[0].heard()[-1] == "LOST has not answered for 20 s"


def test_it_wakes_in_time_to_give_a_silent_server_up() -> None:
    bench = Bench()
    bench.grabbing.next()
    bench.clock.go(PATIENCE + 0.1)
    bench.grabbing.tick(bench.clock.monotonic())
    asked_at = bench.clock.monotonic() - PATIENCE - 0.1

    assert bench.grabbing.next_tick(bench.clock.monotonic()) == pytest.approx(asked_at + SILENCE)


def test_a_job_that_nobody_asked_for_ends_the_connection() -> None:
    bench = Bench()
    bench.links[0].give()

    assert bench.jobs == []
    assert bench.links[0].heard() == ["LOST gave a job that nobody had asked for"]


def test_no_answer_is_made_to_a_server_that_denies_jobs_unasked() -> None:
    bench = Bench()
    bench.links[0].say(wire.NO_JOB)

    assert bench.links[0].heard() == []


def test_a_job_that_is_sifted_out_is_not_run_and_the_next_is_asked_for() -> None:
    bench = Bench()
    bench.sifts = lambda _job: True
    bench.grabbing.next()
    bench.links[0].give()

    assert bench.jobs == []
    assert bench.links[0].heard() == ["GRAB", "GRAB"]


def test_no_job_is_asked_for_while_a_copy_on_the_link_must_be_settled() -> None:
    bench = Bench()
    bench.links[0].submit((bytes(12) + b"f\0u\0", b""), _awaited(aside=False))
    bench.grabbing.next()

    assert bench.links[0].heard() == []


def test_jobs_are_asked_for_while_copies_of_early_ones_are_under_way_up_to_a_number() -> None:
    bench = Bench()
    for _ in range(50):
        bench.busy = False
        bench.links[0].submit((bytes(12) + b"f\0u\0", b""), _awaited(aside=True))
    bench.grabbing.next()
    assert bench.links[0].heard() == []

    bench.links[0].created()
    bench.grabbing.next()

    assert bench.links[0].heard() == ["GRAB"]


def test_a_held_job_starts_at_its_time_and_others_before() -> None:
    bench = Bench()
    link = bench.links[0]
    bench.grabbing.hold(assigned(link, handle="H:held"), bench.clock.wall() + 1.5)
    bench.grabbing.next()
    link.give(handle="H:fresh")
    now = bench.clock.monotonic()
    assert bench.grabbing.next_tick(now) == pytest.approx(now + 1.5)

    bench.clock.go(1.6)
    bench.done()

    assert [job.handle for job in bench.jobs] == [b"H:fresh", b"H:held"]


def test_what_the_job_says_goes_to_gearmand_only_on_its_own_connection() -> None:
    bench = Bench()
    link = bench.links[0]
    job = assigned(link)
    bench.grabbing.pass_on(job, wire.WORK_DATA, b"part")
    link.come_back()
    bench.grabbing.pass_on(job, wire.WORK_DATA, b"part")

    assert link.heard() == ["DATA H:gm1:1 part"]


def test_all_links_are_closed_in_peace() -> None:
    bench = Bench(servers=2)
    bench.grabbing.part(1.0)

    assert [link.heard() for link in bench.links] == [["PARTED"], ["PARTED"]]


def _awaited(*, aside: bool):  # type: ignore[no-untyped-def]  # a tuple for the tests above
    from gearmang.worker.link import Awaited

    return Awaited(lambda: None, lambda _why: None, lambda: None, 1e9, aside)
