"""A rolling restart: nobody goes before another one has come."""

from __future__ import annotations

from typing import Any

from gearmang.worker.fleet.pool import PoolPlan, PoolProcess
from gearmang.worker.fleet.rolling import Rolling
from gearmang.worker.options import WorkerOptions
from gearmang.worker.orders import DRAIN
from tests.unit.worker.parts import SERVER


def plan(name: str) -> PoolPlan:
    return PoolPlan(name, WorkerOptions(function=name, target="m:f", servers=(SERVER,)))


class FakeProcess(PoolProcess):
    """A pool that is in the state that a test says; whatever else is asked of it raises."""

    def __init__(self, of: PoolPlan, *, ready: bool = False) -> None:
        self.plan, self.ready, self.pid = of, ready, 1
        self.broken = ""
        self.exit_code = None
        self.ordered: list[bytes] = []

    def order(self, order: bytes) -> None:
        self.ordered.append(order)


class Restart:
    def __init__(self, old: list[str], new: list[str]) -> None:
        self.running: dict[str, Any] = {name: FakeProcess(plan(name), ready=True) for name in old}
        self.before = dict(self.running)
        self.leaving: list[PoolProcess] = []
        self.started: list[FakeProcess] = []
        self.told: list[str] = []
        self.rolling = Rolling(
            [plan(name) for name in new], self.running, self.leaving, self._start, self.told.append
        )

    def _start(self, of: PoolPlan) -> PoolProcess:
        self.started.append(FakeProcess(of))
        return self.started[-1]


def test_the_old_one_is_drained_only_once_the_new_one_is_ready() -> None:
    restart = Restart(["a", "b"], ["a", "b"])

    assert restart.rolling.step()
    assert [one.plan.name for one in restart.started] == ["a"]
    assert restart.before["a"].ordered == []
    restart.started[0].ready = True
    assert restart.rolling.step()

    assert restart.before["a"].ordered == [DRAIN]
    assert restart.leaving == [restart.before["a"]]
    assert restart.before["b"].ordered == []
    assert [one.plan.name for one in restart.started] == ["a", "b"]


def test_one_that_breaks_leaves_the_old_one_and_the_next_pool_has_its_turn() -> None:
    restart = Restart(["a", "b"], ["a", "b"])
    restart.rolling.step()
    restart.started[0].broken, restart.started[0].exit_code = "no module", 1
    restart.rolling.step()
    restart.started[1].ready = True

    assert not restart.rolling.step()
    assert restart.rolling.failed == ["a"]
    assert restart.running == {"a": restart.before["a"], "b": restart.started[1]}
    assert restart.before["a"].ordered == []
    assert restart.told[0] == "pool a cannot be restarted: no module; the old one goes on"


def test_one_that_was_ready_and_fell_at_once_is_not_taken() -> None:
    restart = Restart(["a"], ["a"])
    restart.rolling.step()
    restart.started[0].ready, restart.started[0].exit_code = True, -9

    assert not restart.rolling.step()
    assert restart.running == restart.before


def test_a_pool_that_is_in_the_file_no_more_ends_last() -> None:
    restart = Restart(["a"], ["b"])
    assert restart.rolling.step()
    assert restart.before["a"].ordered == []
    restart.started[0].ready = True

    assert not restart.rolling.step()
    assert restart.before["a"].ordered == [DRAIN]
    assert [*restart.running] == ["b"]
