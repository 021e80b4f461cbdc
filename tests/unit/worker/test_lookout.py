"""Who looks for scheduled jobs, and when."""

from gearmang.worker.link import Link
from gearmang.worker.lookout import MOST_EXPECTED, POLL, Lookout
from tests.unit.worker.parts import FakeClock, FakeLink


class Bench:
    """Slots that sleep at one server."""

    def __init__(self, slots: int = 3) -> None:
        self.clock = FakeClock()
        self.lookout = Lookout(self.clock, lambda _moment: None)
        self.links = [FakeLink() for _ in range(slots)]
        self.woken: list[Link] = []
        for link in self.links:
            link.awake = False
            self.lookout.join(link, lambda link=link: self.woken.append(link))  # type: ignore[misc]

    def tick(self, passed: float) -> None:
        self.clock.go(passed)
        self.lookout.tick(self.clock.monotonic())


def test_one_slot_looks_at_each_interval_not_all() -> None:
    bench = Bench()
    bench.tick(POLL - 0.1)
    assert bench.woken == []

    bench.tick(0.1)

    assert bench.woken == [bench.links[0]]
    assert bench.links[0].awake


def test_where_a_job_is_found_the_next_slot_looks_too() -> None:
    bench = Bench()
    bench.tick(POLL)
    bench.lookout.found(bench.links[0])
    bench.lookout.found(bench.links[0])  # a job more, which it did not look for

    assert bench.woken == bench.links[:2]


def test_a_slot_that_is_awake_or_not_connected_does_not_look() -> None:
    bench = Bench()
    bench.links[0].awake = True
    bench.links[1].up = False
    bench.tick(POLL)

    assert bench.woken == [bench.links[2]]


def test_a_copy_is_looked_for_when_it_is_due() -> None:
    bench = Bench()
    bench.lookout.expect(bench.clock.wall() + 0.5)
    assert bench.lookout.next_tick(bench.clock.monotonic()) < bench.clock.monotonic() + 0.6
    bench.tick(0.4)
    assert bench.woken == []

    bench.tick(0.2)

    assert bench.woken == [bench.links[0]]


def test_it_does_not_remember_times_without_end() -> None:
    bench = Bench()
    for _ in range(MOST_EXPECTED + 10):
        bench.lookout.expect(bench.clock.wall())

    assert len(bench.lookout._due) == MOST_EXPECTED


def test_a_slot_that_has_left_does_not_look() -> None:
    bench = Bench(slots=1)
    bench.lookout.leave(bench.links[0])
    bench.tick(POLL)

    assert bench.woken == []
