"""Holds the connections, never runs user code: N slots on one loop, one nursery for all."""

from __future__ import annotations

import faulthandler
import itertools
import json
import logging
import signal
import socket
import sys

from gearmang.job.spool import Spool
from gearmang.terminal import clean
from gearmang.worker import place, scratch
from gearmang.worker.aftermath import Aftermath
from gearmang.worker.attempt import made_id
from gearmang.worker.child import Child
from gearmang.worker.executors import STACK_TIME, report_owed
from gearmang.worker.growth import Growth, Load
from gearmang.worker.keeper import Keeper
from gearmang.worker.lifecycle import STOPS
from gearmang.worker.link import Link
from gearmang.worker.lookout import Lookout
from gearmang.worker.loop import Clock, Loop
from gearmang.worker.metrics import MetricsServer, exposition
from gearmang.worker.notify import Notifier
from gearmang.worker.options import WorkerOptions
from gearmang.worker.orders import DRAIN, FIGURES, GO_ON, NOW, QUIET, READY, STOP, Orders
from gearmang.worker.readiness import Readiness, ReadyFile
from gearmang.worker.roster import Roster
from gearmang.worker.sifting import Sieve
from gearmang.worker.signals import Signals
from gearmang.worker.slot import Shared
from gearmang.worker.spooling import Spooling
from gearmang.worker.unsettled import Unsettled

log = logging.getLogger("gearmang.worker")


class Supervisor:
    """One process of workers for one function: `run` returns its exit code.

    Args:
        foreman: by which the foreman of a fleet gives orders and is told; None: there is none.
        metrics: ``HOST:PORT`` where figures are served.

    Raises:
        SpoolError: the spool folder cannot be used.
        GearmangError: the ready file cannot be used.
        NoMetrics: the address for the figures cannot be used.
    """

    def __init__(
        self,
        options: WorkerOptions,
        foreman: socket.socket | None = None,
        metrics: str | None = None,
    ) -> None:
        self._options = options
        self._clock = clock = Clock()
        self._loop = loop = Loop()
        self._foreign = place.children()
        place.adopt_orphans()
        self._signals = Signals(loop, self._signalled)
        self._orders = Orders(foreman, loop, self._ordered) if foreman is not None else None
        self._notifier = Notifier(self._orders.say if self._orders is not None else None)
        self._load = Load()
        self._sequence = itertools.count(1)
        self._keeper = Keeper(
            options,
            loop,
            clock,
            others=self._descriptors,
            on_loaded=self._loaded,
            wake_by=self._wake_by,
        )
        self._spool = Spool(options.spool) if options.spool else None
        spooling = Spooling(self._spool, clock, self._links, self._next)
        unsettled = Unsettled()
        lookout = Lookout(clock, self._wake_by)
        aftermath = Aftermath(
            options,
            {"host": (host := socket.gethostname()), "revision": place.revision()},
            clock,
            spooling=spooling,
            unsettled=unsettled,
            expect=lookout.expect,
        )
        sieve = Sieve(
            options, clock, aftermath, unsettled, new_id=self._new_id, expect=lookout.expect
        )
        self._shared = Shared(
            loop=loop,
            clock=clock,
            keeper=self._keeper,
            aftermath=aftermath,
            sieve=sieve,
            spooling=spooling,
            lookout=lookout,
            load=self._load,
            sequence=self._sequence,
            wake_by=self._wake_by,
            on_change=self._server_changed,
            left_behind=self._left_behind,
        )
        self._well: dict[str, str] = {}  # server → what was said of it last
        self._wake_at = 0.0
        self._stack_at = float("inf")
        self._is_ready = False
        self._ready_file = ReadyFile(options.ready_file)
        self._growth = Growth(options, loop, clock, self._load, self._wake_by)
        self._roster = Roster(options, self._shared, host, stays=foreman is not None)
        self._metrics = (
            MetricsServer(metrics, loop, lambda: exposition([self._roster.figures()]))
            if metrics
            else None
        )

    def run(self) -> int:
        """Work until the lifetime or a signal ends it.

        Raises:
            CannotLoad: the code could not be loaded even once.
        """
        loop, clock = self._loop, self._clock
        with self._signals:
            try:
                scratch.sweep(clock.wall())
                for pid in place.kill_left_behind():
                    log.warning("process %d was left behind by a killed worker; it is ended", pid)
                while self._roster.slots:
                    now = clock.monotonic()
                    if now >= self._wake_at:
                        self._tick(now)
                    loop.wait(max(0.0, self._wake_at - now))
            finally:
                self._notifier.say("STOPPING=1")
                self._ready_file.remove()
                self._growth.close()
                self._roster.end(loop)
                self._keeper.end()
                report_owed(self._keeper.owed)
                place.kill_children(self._foreign)
        loop.close()
        return self._roster.exit_code

    def _tick(self, now: float) -> None:
        self._wake_at = float("inf")
        if self._keeper.broken is not None:
            raise self._keeper.broken
        self._keeper.tick(now)
        if now >= self._stack_at:
            self._stack_at = float("inf")
            self._print_stacks()
        self._shared.lookout.tick(now)
        self._roster.tick(now)
        self._growth.tick(now)
        if self._options.most and not self._roster.stopping:
            self._roster.fit(self._growth.wanted)
        self._look_whether_ready()
        self._notifier.tick(now, self._told)
        self._wake_at = min(
            self._wake_at,
            self._stack_at,
            self._notifier.tick_at,
            self._keeper.next_tick(),
            self._shared.lookout.next_tick(now) if self._keeper.proven else float("inf"),
            self._shared.spooling.next_tick(),
            self._growth.next_tick(),
            self._roster.next_tick(now),
        )

    # What slots ask for and tell of.

    def _wake_by(self, moment: float) -> None:
        if moment < self._wake_at:
            self._wake_at = moment

    def _new_id(self) -> str:
        return made_id(self._keeper.run_id, next(self._sequence))

    def _loaded(self) -> None:
        for slot in self._roster.slots:
            slot.executors.spawn()

    def _links(self) -> list[Link]:
        return self._roster.links

    def _next(self) -> None:
        for slot in self._roster.slots:
            slot.grabbing.next()

    def _look_whether_ready(self) -> None:
        if not self._is_ready and self._keeper.proven and self._roster.is_registered:
            self._is_ready = True
            self._notifier.say(READY)
            options = self._options
            self._ready_file.write(
                Readiness.of_this_process(
                    options.function, socket.gethostname(), options.processes, options.servers
                )
            )

    def _server_changed(self, link: Link, what: str) -> None:
        self._wake_by(0.0)
        server, what = str(link.server), clean(what)
        if self._well.get(server) == what:
            return  # another slot has said so
        self._well[server] = what
        level = logging.INFO if what == "is connected" else logging.WARNING
        log.log(level, "gearmand %s %s", server, what)

    def _left_behind(self, child: Child) -> None:
        place.kill_children(self._known() | {child.pid}, child.mark)

    def _descriptors(self) -> list[int]:
        found = [self._loop.fileno(), *self._signals.descriptors(), *self._growth.descriptors()]
        if self._orders is not None:
            found.append(self._orders.fileno())
        if self._spool is not None:
            found.append(self._spool.fileno())
        if self._metrics is not None:
            found += self._metrics.descriptors()
        for slot in self._roster:
            found += slot.descriptors()
        return found

    # Signals and systemd.

    def _signalled(self, number: signal.Signals) -> None:
        if number == signal.SIGCHLD:
            place.reap(self._known())
            return
        self._wake_by(0.0)
        self._notifier.hurry()
        if number in (signal.SIGQUIT, signal.SIGUSR2):
            self._stack_at = self._clock.monotonic() + STACK_TIME
            for slot in self._roster.slots:
                slot.ask_for_stack()
            return
        log.info("%s", number.name)
        self._roster.stopping = self._roster.stopping or number in STOPS
        if self._roster.stopping:
            self._ready_file.remove()
        for slot in self._roster.slots:
            slot.life.signalled(number, self._clock.monotonic())
        self._next()

    def _ordered(self, order: bytes) -> None:
        self._wake_by(0.0)
        self._notifier.hurry()
        self._roster.stopping = self._roster.stopping or order in (DRAIN, STOP, NOW)
        for slot in self._roster.slots:
            if order == DRAIN:
                slot.life.drain()
            elif order == STOP:
                slot.life.stop(self._clock.monotonic())
            elif order == NOW:
                slot.life.end_now()
            elif order in (QUIET, GO_ON):
                slot.life.quiet = order == QUIET
        self._next()

    def _known(self) -> set[int]:
        return self._roster.known(self._foreign, self._keeper)

    def _told(self) -> str:
        told = self._roster.told()
        if self._orders is None:
            return told
        return f"{told}\n{FIGURES}{json.dumps(self._roster.figures())}"

    def _print_stacks(self) -> None:
        faulthandler.dump_traceback()
        for slot in self._roster.slots:
            slot.print_stack()
        sys.stderr.flush()
