"""The slots of one process: as many as are wanted; those that end, and those that come after."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Final

from gearmang.watch.worker_id import WorkerId
from gearmang.worker.executors import RETIRE_TIMEOUT
from gearmang.worker.keeper import Keeper
from gearmang.worker.lifecycle import EXIT_DONE
from gearmang.worker.link import Link
from gearmang.worker.loop import Clock, Loop
from gearmang.worker.metrics import Figures
from gearmang.worker.options import WorkerOptions
from gearmang.worker.slot import Shared, Slot

PART_TIMEOUT: Final = 1.0  # seconds for gearmand to read our last words

log = logging.getLogger("gearmang.worker")


class Roster:
    """Slots at work, and slots on their way out.

    Args:
        host: of this process, for its client ids.
        stays: a single slot begins anew, too, when its lifetime is over.

    Attributes:
        slots: those at work.
        stopping: a slot that ends has no successor.
        done, failed, deaths: attempts of slots that have ended.
        exit_code: that the process ends with.
    """

    def __init__(
        self, options: WorkerOptions, shared: Shared, host: str, *, stays: bool = False
    ) -> None:
        self.stopping = False
        self.done = self.failed = self.deaths = 0
        self.exit_code = EXIT_DONE
        self._options, self._shared, self._host = options, shared, host
        self._clock: Clock = shared.clock
        self._is_one = max(options.processes, options.most) == 1
        self._renews = stays or not self._is_one
        self._ending: list[Slot] = []
        self.slots: list[Slot] = []
        self.fit(options.processes)

    def __iter__(self) -> Iterator[Slot]:
        return iter((*self.slots, *self._ending))

    @property
    def links(self) -> list[Link]:
        """All connections of slots at work."""
        return [link for slot in self.slots for link in slot.grabbing.links]

    @property
    def is_registered(self) -> bool:
        """Whether every slot has an executor, and is registered at every server that answers."""
        return all(slot.is_busy or slot.executors.is_ready for slot in self.slots) and all(
            link.is_settled for link in self.links
        )

    def fit(self, wanted: int) -> None:
        """Have so many slots: new ones begin now, superfluous ones end between jobs."""
        taken = {slot.name.slot for slot in self.slots}
        free = (number for number in range(1, 1 << 16) if number not in taken)
        staying = [slot for slot in self.slots if not slot.is_superfluous]
        for _ in range(wanted - len(staying)):
            slot = self._new_slot(next(free))
            self.slots.append(slot)
            slot.executors.spawn()
        idle_first = sorted(staying, key=lambda slot: slot.is_busy)
        for slot in idle_first[: max(0, len(staying) - wanted)]:
            slot.is_superfluous = True
            slot.life.drain()

    def tick(self, now: float) -> None:
        """Let slots do what is due; end those whose time has come."""
        for slot in [*self.slots]:
            if not slot.tick(now):
                self._ended(slot)
        self._tick_ending(now)

    def next_tick(self, now: float) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        return min(
            min((slot.next_tick(now) for slot in self.slots), default=now),
            min((slot.executors.next_tick() for slot in self._ending), default=float("inf")),
        )

    def end(self, loop: Loop) -> None:
        """End all that is left, in peace where there is time for it, then by force."""
        clock = self._clock
        deadline = clock.monotonic() + RETIRE_TIMEOUT
        for slot in self.slots:
            slot.end(deadline)
            slot.grabbing.part(PART_TIMEOUT)
        self._ending += self.slots
        self.slots = []
        while self._ending and clock.monotonic() < deadline + RETIRE_TIMEOUT:
            now = clock.monotonic()
            self._tick_ending(now)
            if self._ending:
                due = min(slot.executors.next_tick() for slot in self._ending)
                loop.wait(max(0.0, min(due - now, 0.1)))

    def known(self, foreign: set[int], keeper: Keeper) -> set[int]:
        """Our own processes; every other child of ours is what a job has left behind."""
        return (foreign | keeper.pids).union(*(slot.executors.pids for slot in self))

    def told(self) -> str:
        """How it stands, in one line."""
        figures = self.figures()
        quiet = any(slot.life.quiet for slot in self.slots)
        return (
            f"{figures.function}: {figures.done} done, {figures.failed} failed attempts, "
            f"{figures.connections} of {len(self.links)} connections"
            + (", draining" if self.stopping else ", quiet" if quiet else "")
        )

    def figures(self) -> Figures:
        """How it stands, in numbers."""
        return Figures(
            self._options.function,
            done=self.done + sum(slot.done for slot in self.slots),
            failed=self.failed + sum(slot.failed for slot in self.slots),
            deaths=self.deaths + sum(slot.deaths for slot in self.slots),
            slots=len(self.slots),
            busy=sum(slot.is_busy for slot in self.slots),
            connections=sum(link.up for link in self.links),
        )

    def _new_slot(self, number: int) -> Slot:
        name = WorkerId(
            self._options.function,
            self._host,
            os.getpid(),
            int(self._clock.wall()),
            None if self._is_one else number,
        )
        return Slot(self._options, name, self._shared)

    def _ended(self, slot: Slot) -> None:
        """A slot's lifetime is over, or a signal ends it."""
        self.exit_code = slot.life.exit_code or self.exit_code
        self.done += slot.done
        self.failed += slot.failed
        self.deaths += slot.deaths
        slot.end(self._clock.monotonic() + RETIRE_TIMEOUT)
        slot.grabbing.part(PART_TIMEOUT)
        self._ending.append(slot)
        at = self.slots.index(slot)
        if self.stopping or slot.is_superfluous or not self._renews:
            del self.slots[at]
            log.info("%s has ended: %d done, %d failed", slot.name, slot.done, slot.failed)
        else:
            self.slots[at] = again = self._new_slot(slot.name.slot or at + 1)
            again.life.quiet = slot.life.quiet
            log.info("%s begins anew: %d done, %d failed", slot.name, slot.done, slot.failed)
        self._shared.wake_by(0.0)

    def _tick_ending(self, now: float) -> None:
        for slot in [*self._ending]:
            slot.executors.tick(now)
            if not slot.executors.pids:
                self._ending.remove(slot)
