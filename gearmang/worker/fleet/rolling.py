"""A rolling restart: pool by pool a new one is registered before the old one takes no more jobs."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence

from gearmang.worker.fleet.pool import PoolPlan, PoolProcess
from gearmang.worker.orders import DRAIN

log = logging.getLogger("gearmang.worker")


class Rolling:
    """One restart.

    Args:
        plans: of the pools that there are to be.
        running: name → the process at work; kept up to date.
        leaving: takes the processes that are on their way out.
        start: starts a process.
        told: called with a line for people about each pool.

    Attributes:
        failed: the names of pools that could not be replaced.
        coming: the process that is to replace one.
    """

    def __init__(
        self,
        plans: Sequence[PoolPlan],
        running: dict[str, PoolProcess],
        leaving: list[PoolProcess],
        start: Callable[[PoolPlan], PoolProcess],
        told: Callable[[str], None],
    ) -> None:
        self.failed: list[str] = []
        self.coming: PoolProcess | None = None
        self._left = deque(plans)
        self._names = {plan.name for plan in plans}
        self._running, self._leaving = running, leaving
        self._start, self._told = start, told

    def step(self) -> bool:
        """Go on as far as it goes; False when it is over."""
        while True:
            coming = self.coming
            if coming is not None:
                if coming.exit_code is not None:
                    self._give_up(coming.plan, coming.why())
                elif coming.ready:
                    self._replace(coming)
                else:
                    return True
                self.coming = None
            if not self._left:
                self._drop()
                return False
            plan = self._left.popleft()
            try:
                self.coming = self._start(plan)
            except OSError as error:
                self._give_up(plan, f"no process can be started ({error.strerror})")

    def _replace(self, coming: PoolProcess) -> None:
        name = coming.plan.name
        before = self._running.get(name)
        self._running[name] = coming
        if before is not None and before.exit_code is None:
            before.order(DRAIN)
            self._leaving.append(before)
        self._told(f"pool {name}: process {coming.pid} is at work")

    def _give_up(self, plan: PoolPlan, why: str) -> None:
        self.failed.append(plan.name)
        kept = plan.name in self._running
        rest = "the old one goes on" if kept else "it does not run"
        self._told(f"pool {plan.name} cannot be restarted: {why}; {rest}")

    def _drop(self) -> None:
        for name in self._running.keys() - self._names:
            gone = self._running.pop(name)
            gone.order(DRAIN)
            self._leaving.append(gone)
            self._told(f"pool {name} is not in the file any more: it ends")
