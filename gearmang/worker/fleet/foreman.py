"""Runs the supervisors of all pools: starts them, restarts them in turn, ends them."""

from __future__ import annotations

import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from gearmang.errors import GearmangError
from gearmang.terminal import clean
from gearmang.worker import place
from gearmang.worker.fleet.hatch import FAILED, OVER, Caller, Hatch
from gearmang.worker.fleet.pool import PoolPlan, PoolProcess
from gearmang.worker.fleet.rolling import Rolling
from gearmang.worker.lifecycle import EXIT_DONE, EXIT_GRACE
from gearmang.worker.loop import Clock, Loop
from gearmang.worker.metrics import Figures, MetricsServer, exposition
from gearmang.worker.notify import Notifier
from gearmang.worker.orders import GO_ON, NOW, QUIET, STOP
from gearmang.worker.signals import Signals

FIRST_RESPAWN: Final = 1.0  # seconds before a pool that ended by itself starts again; doubled
LAST_RESPAWN: Final = 30.0  # seconds
STAMP_INTERVAL: Final = 0.5  # seconds between two looks whether the code has changed
WELL_AFTER: Final = 60.0  # seconds of work after which the next wait is the first one again

log = logging.getLogger("gearmang.worker")


class Foreman:
    """One process tree for all pools: `run` returns the exit code.

    Args:
        read: reads the configuration; raises `GearmangError` where it is of no use.
        config: the file, for which `gearmang fleet reload` asks; None: nobody does.
        metrics: ``HOST:PORT`` where figures are served.
        stamp: of the code; a rolling restart begins when it changes.
    """

    def __init__(
        self,
        read: Callable[[], Sequence[PoolPlan]],
        config: Path | None = None,
        *,
        metrics: str | None = None,
        stamp: Callable[[], object] | None = None,
    ) -> None:
        self._read = read
        self._clock = Clock()
        self._loop = Loop()
        self._signals = Signals(self._loop, self._signalled)
        self._notifier = Notifier()
        self._asked: deque[Caller | None] = deque()  # who wants a restart; None: a signal
        self._hatch = self._opened_hatch(config)
        self._stamp = stamp
        self._stamped = stamp() if stamp is not None else None
        self._stamp_at = 0.0
        self._metrics = MetricsServer(metrics, self._loop, self._figures) if metrics else None
        self._running: dict[str, PoolProcess] = {}
        self._leaving: list[PoolProcess] = []
        self._rolling: Rolling | None = None
        self._caller: Caller | None = None  # who is told of the restart that is under way
        self._waits: dict[str, float] = {}  # name → seconds before it starts again when it falls
        self._stopping = 0
        self._is_ready = False
        self._exit_code = EXIT_DONE

    def run(self) -> int:
        """Run all pools until a signal ends them.

        Raises:
            GearmangError: the configuration cannot be used, or no pool at all can start.
        """
        plans = self._read()
        with self._signals:
            try:
                self._rolling = None
                for plan in plans:
                    self._running[plan.name] = self._start(plan)
                while self._running or self._leaving or not self._stopping:
                    now = self._clock.monotonic()
                    self._tick(now)
                    if self._stopping and not self._running and not self._leaving:
                        break
                    self._loop.wait(max(0.0, min(self._next_tick() - self._clock.monotonic(), 60)))
            finally:
                self._notifier.say("STOPPING=1")
                for pool in self._all():
                    pool.order(NOW)
                for door in (self._hatch, self._metrics):
                    if door is not None:
                        door.close()
        self._loop.close()
        return self._exit_code

    def _tick(self, now: float) -> None:
        for pool in self._all():
            pool.tick(now)
        for pool in [*self._leaving]:
            if pool.exit_code is not None:
                self._leaving.remove(pool)
                self._noted(pool)
        if self._rolling is not None and not self._rolling.step():
            self._restarted(self._rolling)
        for name, pool in [*self._running.items()]:
            if pool.exit_code is not None:
                self._fell(name, pool, now)
        if self._stamp is not None and now >= self._stamp_at:
            self._stamp_at = now + STAMP_INTERVAL
            stamped = self._stamp()
            if stamped != self._stamped:
                self._stamped = stamped
                self._asked.append(None)
        if self._rolling is None and self._asked and not self._stopping:
            self._reload(self._asked.popleft())
        self._look_whether_ready()
        self._notifier.tick(now, self._told)

    def _next_tick(self) -> float:
        return min(
            self._notifier.tick_at,
            self._stamp_at if self._stamp is not None else float("inf"),
            min((pool.next_tick() for pool in self._all()), default=float("inf")),
            min(
                (pool.again_at for pool in self._running.values() if pool.again_at),
                default=float("inf"),
            ),
        )

    def _all(self) -> list[PoolProcess]:
        coming = self._rolling.coming if self._rolling is not None else None
        return [*self._running.values(), *self._leaving, *([coming] if coming else [])]

    def _start(self, plan: PoolPlan) -> PoolProcess:
        others = [self._loop.fileno(), *self._signals.descriptors()]
        for door in (self._hatch, self._metrics):
            others += door.descriptors() if door is not None else []
        for pool in self._all():
            others += pool.descriptors()
        return PoolProcess(plan, self._loop, self._clock, others, self._notifier.hurry)

    def _fell(self, name: str, pool: PoolProcess, now: float) -> None:
        """A pool has ended: by our order, or by itself."""
        if self._stopping:
            del self._running[name]
            self._noted(pool)
            return
        if pool.again_at is None:
            wait = self._waits.get(name, FIRST_RESPAWN)
            if now - pool.started > WELL_AFTER:
                wait = FIRST_RESPAWN
            log.error("pool %s: %s; it starts again in %g s", name, pool.why(), wait)
            self._waits[name] = min(wait * 2, LAST_RESPAWN)
            pool.again_at = now + wait
            self._refuse_to_start()
        elif now >= pool.again_at:
            try:
                self._running[name] = self._start(pool.plan)
            except OSError as error:
                log.error("pool %s: no process can be started (%s)", name, error.strerror)  # noqa: TRY400  # foreseen
                pool.again_at = now + LAST_RESPAWN

    def _refuse_to_start(self) -> None:
        """Where not one pool has come up, somebody must see to it first."""
        if not self._is_ready and all(
            pool.exit_code is not None for pool in self._running.values()
        ):
            raise GearmangError(
                "no pool can start: "
                + "; ".join(f"{name}: {pool.why()}" for name, pool in self._running.items())
            )

    def _noted(self, pool: PoolProcess) -> None:
        if pool.exit_code == EXIT_GRACE:
            self._exit_code = EXIT_GRACE
        log.info("pool %s: process %d has ended with %s", pool.plan.name, pool.pid, pool.exit_code)

    # Restarts.

    def _reload(self, caller: Caller | None) -> None:
        self._caller = caller
        self._notifier.say(f"RELOADING=1\nMONOTONIC_USEC={int(self._clock.monotonic() * 1e6)}")
        try:
            plans = self._read()
        except GearmangError as error:
            self._tell(f"{error}; the fleet goes on as it was", logging.ERROR)
            self._over(well=False)
            return
        self._rolling = Rolling(plans, self._running, self._leaving, self._start, self._tell)
        if not self._rolling.step():
            self._restarted(self._rolling)

    def _restarted(self, rolling: Rolling) -> None:
        self._rolling = None
        self._over(well=not rolling.failed)

    def _over(self, *, well: bool) -> None:
        self._notifier.say("READY=1")
        caller, self._caller = self._caller, None
        if caller is not None:
            caller.tell(OVER if well else FAILED)
            caller.close()

    def _tell(self, line: str, level: int = logging.INFO) -> None:
        log.log(logging.ERROR if "cannot" in line else level, "%s", clean(line))
        if self._caller is not None:
            self._caller.tell(line)

    # Signals and systemd.

    def _signalled(self, number: signal.Signals) -> None:
        self._notifier.hurry()
        if number == signal.SIGCHLD:
            place.reap({pool.pid for pool in self._all()})
        elif number == signal.SIGHUP:
            self._asked.append(None)
        elif number in (signal.SIGTERM, signal.SIGINT):
            log.info("%s", number.name)
            self._stop()
        elif number in (signal.SIGTSTP, signal.SIGCONT):
            for pool in self._all():
                pool.order(QUIET if number == signal.SIGTSTP else GO_ON)
        elif number in (signal.SIGQUIT, signal.SIGUSR2):
            for pool in self._all():
                pool.signal(number)

    def _stop(self) -> None:
        """Have all pools end within their grace; at once when it is said again."""
        self._stopping += 1
        if self._rolling is not None:
            coming, self._rolling = self._rolling.coming, None
            if coming is not None:
                self._leaving.append(coming)
            self._over(well=False)
        for pool in self._all():
            pool.order(STOP if self._stopping == 1 else NOW)

    def _look_whether_ready(self) -> None:
        if self._is_ready or self._stopping:
            return
        pools = self._running.values()
        if all(pool.ready or pool.exit_code is not None for pool in pools) and any(
            pool.ready for pool in pools
        ):
            self._is_ready = True
            self._notifier.say("READY=1")
            log.info("%d pools are at work", len(pools))

    def _told(self) -> str:
        return "; ".join(pool.status for pool in self._running.values() if pool.status)

    def _called(self, caller: Caller) -> None:
        self._asked.append(caller)

    def _figures(self) -> str:
        by_function: dict[str, Figures] = {}
        for one in (pool.figures for pool in self._running.values()):
            before = by_function.get(one.function, Figures(one.function))
            by_function[one.function] = Figures(
                one.function, *(a + b for a, b in zip(before[1:], one[1:]))
            )
        return exposition(by_function.values())

    def _opened_hatch(self, config: Path | None) -> Hatch | None:
        if config is None:
            return None
        try:
            return Hatch(config, self._loop, self._called)
        except OSError as error:
            log.warning(
                "`gearmang fleet reload` cannot reach this fleet (%s): another one runs with the "
                "same file? SIGHUP to process %d does the same",
                error.strerror,
                os.getpid(),
            )
            return None
