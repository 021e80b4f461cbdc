"""Holds the connections, never runs user code: N slots on one loop, one nursery for all."""

from __future__ import annotations

import faulthandler
import itertools
import logging
import os
import signal
import socket
import sys
from typing import Final

from gearmang.job.spool import Spool
from gearmang.terminal import clean
from gearmang.watch.worker_id import WorkerId
from gearmang.worker import place, scratch
from gearmang.worker.aftermath import Aftermath
from gearmang.worker.attempt import made_id
from gearmang.worker.child import Child
from gearmang.worker.executors import RETIRE_TIMEOUT, STACK_TIME
from gearmang.worker.keeper import Keeper
from gearmang.worker.lifecycle import EXIT_DONE, STOPS
from gearmang.worker.link import Link
from gearmang.worker.lookout import Lookout
from gearmang.worker.loop import Clock, Loop
from gearmang.worker.notify import Notifier
from gearmang.worker.options import WorkerOptions
from gearmang.worker.sifting import Sieve
from gearmang.worker.signals import Signals
from gearmang.worker.slot import Shared, Slot
from gearmang.worker.spooling import Spooling
from gearmang.worker.unsettled import Unsettled

PART_TIMEOUT: Final = 1.0  # seconds for gearmand to read our last words

log = logging.getLogger("gearmang.worker")


class Supervisor:
    """One process of workers for one function: `run` returns its exit code.

    Raises:
        SpoolError: the spool folder cannot be used.
    """

    def __init__(self, options: WorkerOptions) -> None:
        self._options = options
        self._host = socket.gethostname()
        self._clock = clock = Clock()
        self._loop = loop = Loop()
        self._foreign = place.children()
        place.adopt_orphans()
        self._signals = Signals(loop, self._signalled)
        self._notifier = Notifier()
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
            {"host": self._host, "revision": place.revision()},
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
            sequence=self._sequence,
            wake_by=self._wake_by,
            on_change=self._server_changed,
            on_ready=self._ready,
            left_behind=self._left_behind,
        )
        self._well: dict[str, str] = {}  # server → what was said of it last
        self._wake_at = 0.0
        self._stack_at = float("inf")
        self._exit_code = EXIT_DONE
        self._stopping = False
        self._done = self._failed = 0  # by slots that have ended
        self._ending: list[Slot] = []
        self._slots = [self._new_slot(number) for number in range(1, options.processes + 1)]

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
                while self._slots:
                    now = clock.monotonic()
                    if now >= self._wake_at:
                        self._tick(now)
                    loop.wait(max(0.0, self._wake_at - now))
            finally:
                self._notifier.say("STOPPING=1")
                self._end()
        loop.close()
        return self._exit_code

    def _tick(self, now: float) -> None:
        self._wake_at = float("inf")
        if self._keeper.broken is not None:
            raise self._keeper.broken
        self._keeper.tick(now)
        if now >= self._stack_at:
            self._stack_at = float("inf")
            self._print_stacks()
        self._shared.lookout.tick(now)
        for slot in [*self._slots]:
            if not slot.tick(now):
                self._ended(slot)
        for slot in [*self._ending]:
            slot.executors.tick(now)
            if not slot.executors.pids:
                self._ending.remove(slot)
        self._notifier.tick(now, self._told)
        self._wake_at = min(
            self._wake_at,
            self._stack_at,
            self._notifier.tick_at,
            self._keeper.next_tick(),
            self._shared.lookout.next_tick(now) if self._keeper.proven else float("inf"),
            self._shared.spooling.next_tick(),
            min((slot.next_tick(now) for slot in self._slots), default=now),
            min((slot.executors.next_tick() for slot in self._ending), default=float("inf")),
        )

    def _new_slot(self, number: int) -> Slot:
        options = self._options
        name = WorkerId(
            options.function,
            self._host,
            os.getpid(),
            int(self._clock.wall()),
            number if options.processes > 1 else None,
        )
        return Slot(options, name, self._shared)

    def _ended(self, slot: Slot) -> None:
        """A slot's lifetime is over, or a signal ends it: of several slots it begins anew."""
        self._exit_code = slot.life.exit_code or self._exit_code
        self._done += slot.done
        self._failed += slot.failed
        slot.end(self._clock.monotonic() + RETIRE_TIMEOUT)
        slot.grabbing.part(PART_TIMEOUT)
        self._ending.append(slot)
        at = self._slots.index(slot)
        if self._stopping or self._options.processes == 1:
            del self._slots[at]
            log.info("%s has ended: %d done, %d failed", slot.name, slot.done, slot.failed)
        else:
            self._slots[at] = again = self._new_slot(slot.name.slot or at + 1)
            again.life.quiet = slot.life.quiet
            again.executors.owed = slot.executors.owed
            log.info("%s begins anew: %d done, %d failed", slot.name, slot.done, slot.failed)
        self._wake_by(0.0)

    def _end(self) -> None:
        """End all that is left, in peace where there is time for it, then by force."""
        clock = self._clock
        deadline = clock.monotonic() + RETIRE_TIMEOUT
        for slot in self._slots:
            slot.end(deadline)
            slot.grabbing.part(PART_TIMEOUT)
        self._ending += self._slots
        self._slots = []
        while self._ending and clock.monotonic() < deadline + RETIRE_TIMEOUT:
            now = clock.monotonic()
            for slot in [*self._ending]:
                slot.executors.tick(now)
                if not slot.executors.pids:
                    self._ending.remove(slot)
            if self._ending:
                due = min(slot.executors.next_tick() for slot in self._ending)
                self._loop.wait(max(0.0, min(due - now, 0.1)))
        self._keeper.end()
        place.kill_children(self._foreign)

    # What slots ask for and tell of.

    def _wake_by(self, moment: float) -> None:
        if moment < self._wake_at:
            self._wake_at = moment

    def _new_id(self) -> str:
        return made_id(self._keeper.run_id, next(self._sequence))

    def _loaded(self) -> None:
        for slot in self._slots:
            slot.executors.spawn()

    def _links(self) -> list[Link]:
        return [link for slot in self._slots for link in slot.grabbing.links]

    def _next(self) -> None:
        for slot in self._slots:
            slot.grabbing.next()

    def _ready(self) -> None:
        self._notifier.say("READY=1")

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

    def _known(self) -> set[int]:
        """Our own processes; every other child of ours is what a job has left behind."""
        known = self._foreign | self._keeper.pids
        return known.union(*(slot.executors.pids for slot in (*self._slots, *self._ending)))

    def _descriptors(self) -> list[int]:
        found = [self._loop.fileno(), *self._signals.descriptors()]
        if self._spool is not None:
            found.append(self._spool.fileno())
        for slot in (*self._slots, *self._ending):
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
            for slot in self._slots:
                slot.ask_for_stack()
            return
        log.info("%s", number.name)
        self._stopping = self._stopping or number in STOPS
        for slot in self._slots:
            slot.life.signalled(number, self._clock.monotonic())
        self._next()

    def _print_stacks(self) -> None:
        faulthandler.dump_traceback()
        for slot in self._slots:
            slot.print_stack()
        sys.stderr.flush()

    def _told(self) -> str:
        links = self._links()
        done = self._done + sum(slot.done for slot in self._slots)
        failed = self._failed + sum(slot.failed for slot in self._slots)
        quiet = any(slot.life.quiet for slot in self._slots)
        return (
            f"{self._options.function}: {done} done, {failed} failed attempts, "
            f"{sum(link.up for link in links)} of {len(links)} connections"
            + (", draining" if self._stopping else ", quiet" if quiet else "")
        )
