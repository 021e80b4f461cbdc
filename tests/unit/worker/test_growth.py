"""A pool grows while jobs wait and all slots are busy, and shrinks when fewer have been busy."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from gearmang.protocol.errors import AdminError
from gearmang.protocol.server import Server
from gearmang.worker import growth
from gearmang.worker.growth import ASK_TIMEOUT, GROW_AFTER, SHRINK_AFTER, Growth, Load
from gearmang.worker.loop import Loop
from gearmang.worker.options import WorkerOptions
from tests.unit.worker.parts import FUNCTION, SERVER, FakeClock


class Pool:
    """A growth whose servers answer what a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, least: int, most: int) -> None:
        self.clock, self.load, self.loop = FakeClock(), Load(), Loop()
        self.waits: int | None = 0
        self.asked = 0
        self.woken: list[float] = []
        options = WorkerOptions(
            function=FUNCTION, target="m:f", servers=(SERVER,), processes=least, most=most
        )
        monkeypatch.setattr(growth, "waiting", self._answer)
        self.growth = Growth(options, self.loop, self.clock, self.load, self.woken.append)

    def _answer(self, server: Server, *_: Any) -> Generator[Any, bool, int]:
        self.asked += 1
        if self.waits is None:
            raise AdminError(server, "does not tell")
        return self.waits
        yield

    def busy(self, count: int) -> None:
        for _ in range(count - self.load.busy):
            self.load.began()
        for _ in range(self.load.busy - count):
            self.load.ended()

    def passes(self, seconds: float) -> int:
        """Let time pass, with a tick whenever one is due; how many slots are wanted then."""
        end = self.clock.monotonic() + seconds
        while (due := max(self.growth.next_tick(), self.clock.monotonic())) <= end:
            self.clock.go(due - self.clock.monotonic())
            self.growth.tick(due)
            self.growth.tick(due)  # the answers have woken it
            self.clock.go(0.001)
        self.clock.go(max(0.0, end - self.clock.monotonic()))
        return self.growth.wanted


def test_it_doubles_each_second_up_to_its_most(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(monkeypatch, 2, 7)
    pool.waits = 100
    pool.busy(2)

    assert pool.passes(GROW_AFTER + 0.01) == 4
    pool.busy(4)
    assert pool.passes(GROW_AFTER + 0.01) == 7
    pool.busy(7)
    assert pool.passes(10 * GROW_AFTER) == 7


def test_it_grows_by_no_more_than_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(monkeypatch, 4, 16)
    pool.waits = 1
    pool.busy(4)

    assert pool.passes(GROW_AFTER + 0.01) == 5


@pytest.mark.parametrize("waits", [0, None])
def test_it_does_not_grow_where_nothing_waits_or_nobody_tells(
    waits: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(monkeypatch, 2, 16)
    pool.waits = waits
    pool.busy(2)

    assert pool.passes(3 * GROW_AFTER) == 2
    assert pool.asked >= 2  # it goes on asking as long as all are busy


def test_a_slot_that_is_idle_keeps_it_from_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(monkeypatch, 2, 16)
    pool.waits = 100
    pool.busy(1)

    assert pool.passes(10 * GROW_AFTER) == 2
    assert pool.asked == 0


def test_it_shrinks_to_the_most_that_were_busy_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(monkeypatch, 1, 8)
    pool.waits = 100
    for count in (1, 2, 4):
        pool.busy(count)
        pool.passes(GROW_AFTER + 0.01)
    assert pool.growth.wanted == 8
    pool.waits = 0
    pool.busy(0)
    pool.passes(SHRINK_AFTER)  # in which four were busy
    pool.busy(3)
    pool.busy(0)

    assert pool.passes(SHRINK_AFTER) == 3
    assert pool.passes(2 * SHRINK_AFTER) == 1


def test_a_fixed_number_asks_nobody_and_is_never_due(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(monkeypatch, 2, 0)
    pool.busy(2)

    assert pool.growth.next_tick() == float("inf")
    assert pool.passes(60) == 2
    assert pool.asked == 0


def test_an_answer_is_awaited_for_a_bounded_time() -> None:
    assert 0 < ASK_TIMEOUT <= 5
