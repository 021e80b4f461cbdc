"""One job at a time: its own connections and client id, its own executor, its own age."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from gearmang.job.submission import as_bytes
from gearmang.protocol import wire
from gearmang.watch.worker_id import WorkerId
from gearmang.worker import frames, scratch
from gearmang.worker.aftermath import Aftermath
from gearmang.worker.attempt import Attempt
from gearmang.worker.autopsy import HARD_AFTER, Ending, JobLimits, dossier_of_death
from gearmang.worker.child import Child
from gearmang.worker.dossiers import import_roots
from gearmang.worker.executors import Executors
from gearmang.worker.frames import Answer, failure_of, time_of
from gearmang.worker.grabbing import Assigned, Grabbing
from gearmang.worker.growth import Load
from gearmang.worker.keeper import Keeper
from gearmang.worker.lifecycle import Lifecycle
from gearmang.worker.link import Link
from gearmang.worker.lookout import Lookout
from gearmang.worker.loop import Clock, Loop
from gearmang.worker.options import WorkerOptions
from gearmang.worker.sifting import Sieve
from gearmang.worker.spooling import Spooling

MEMORY_CHECK: Final = 0.05  # seconds between two looks at a running job's memory
STOPPING_CHECK: Final = 0.05  # seconds between two looks whether the end has come
LONG_AFTER: Final = 5.0  # seconds at a job after which the client id says since when

log = logging.getLogger("gearmang.worker")


class Shared(NamedTuple):
    """What the slots of one process have together."""

    loop: Loop
    clock: Clock
    keeper: Keeper
    aftermath: Aftermath
    sieve: Sieve
    spooling: Spooling
    lookout: Lookout
    load: Load
    sequence: Iterator[int]
    wake_by: Callable[[float], None]
    on_change: Callable[[Link, str], None]
    left_behind: Callable[[Child], None]


class Slot:
    """One worker.

    Args:
        name: its client id, by which monitors know it.

    Attributes:
        done, failed, deaths: attempts; a death is a failed one, too.
        is_superfluous: it has no successor when it ends.
    """

    def __init__(self, options: WorkerOptions, name: WorkerId, shared: Shared) -> None:
        self.name = name
        self.done = self.failed = self.deaths = 0
        self.is_superfluous = False
        self._options, self._shared = options, shared
        self._worker = str(name)
        self._clock = shared.clock
        registers = wire.request(wire.CAN_DO, as_bytes(options.function))
        links = [
            Link(
                server,
                shared.loop,
                shared.clock,
                client_id=self._worker,
                registers=registers,
                longest=options.max_payload,
                on_change=shared.on_change,
                tls=options.tls,
            )
            for server in options.servers
        ]
        self.grabbing = Grabbing(
            links,
            shared.clock,
            want=self._wants_job,
            sift=self._sift,
            on_job=self._start,
            on_found=shared.lookout.found,
        )
        for link in links:
            shared.lookout.join(link, self.grabbing.next)
        self.executors = Executors(
            options,
            shared.keeper,
            self._worker,
            shared.loop,
            shared.clock,
            on_ready=self._ready,
            on_answer=self._answered,
            on_death=self._died,
            left_behind=shared.left_behind,
            wake_by=shared.wake_by,
        )
        self.life = Lifecycle(options.lifetime, options.grace, shared.clock.monotonic())
        self._attempt: Attempt | None = None
        self._memory_at = self._hard_at = self._long_at = float("inf")
        self._is_renamed = False

    @property
    def is_busy(self) -> bool:
        return self._attempt is not None

    # Jobs: what happens thousands of times a second.

    def _wants_job(self) -> bool:
        life = self.life
        return (
            self._attempt is None
            and not life.stopping
            and not life.quiet
            and self.executors.is_ready
            and not self._shared.spooling.bring_back()
        )

    def _sift(self, job: Assigned) -> bool:
        return self._shared.sieve.stops(job, self._hold, self.grabbing.next)

    def _start(self, job: Assigned) -> None:
        shared = self._shared
        sequence = next(shared.sequence)
        self.executors.run(sequence, job.body)  # it runs while the rest is noted
        now = self._clock.monotonic()
        self._attempt = Attempt(job, sequence, now, shared.keeper.run_id, self._worker)
        shared.load.began()
        self._long_at = now + LONG_AFTER
        shared.wake_by(self._long_at)
        if limit := self._options.time_limit:
            self._hard_at = now + limit + HARD_AFTER
            shared.wake_by(self._hard_at)
        if self._options.max_memory:
            self._memory_at = now + MEMORY_CHECK
            shared.wake_by(self._memory_at)

    def _answered(self, answer: Answer) -> None:
        attempt = self._attempt
        if attempt is None:
            return
        kind = answer.kind
        if kind == frames.DONE or kind == frames.DONE_AND_FULL:  # the hot path
            self._end_attempt()
            self.done += 1
            if kind == frames.DONE_AND_FULL or self.executors.is_worn_out:
                self.executors.replace()
            self.grabbing.complete(attempt.job, answer.body)
        elif kind == frames.FAILED:
            self._end_attempt()
            self._take_failure(attempt, answer.body)
        elif kind == frames.HELD:
            self._end_attempt()
            until = time_of(answer.body)
            self._shared.sieve.postpone(attempt.job, until, self._hold, self.grabbing.next)
        elif kind in (frames.PROGRESS, frames.DATA):
            command = wire.WORK_STATUS if kind == frames.PROGRESS else wire.WORK_DATA
            self.grabbing.pass_on(attempt.job, command, answer.body)

    def _take_failure(self, attempt: Attempt, body: bytes) -> None:
        child = self.executors.child
        if child is None:
            return
        child.tail.drain()
        told = failure_of(body)
        dossier = replace(told.dossier, pid=child.pid, stderr=child.tail.text)
        if dossier.signal == signal.SIGTERM and self.life.stopping:
            # A service manager signals all processes: the command has ended with the worker.
            dossier = replace(dossier, outcome="lost", error_type="WorkerStopped")
        if not self._options.keep_after_failure or self.executors.is_worn_out:
            self.executors.replace()
        self.failed += 1
        self._shared.aftermath.failed(
            attempt, dossier, self.grabbing.next, retryable=told.retryable, after=told.after
        )
        self._shared.wake_by(0.0)

    def _died(self, child: Child, ending: Ending) -> None:
        attempt = self._attempt
        if attempt is None:
            log.warning("executor %d ended between two jobs: %s", child.pid, ending)
            return
        self._end_attempt()
        for sequence in {attempt.sequence, child.first_sequence}:
            scratch.remove(attempt.run_id, sequence)
        self.failed += 1
        self.deaths += 1
        options = self._options
        dossier = dossier_of_death(
            ending,
            child.condemned,
            JobLimits(options.time_limit, options.max_memory, options.grace),
            stack=child.stack(),
            stderr=child.tail.text,
            pid=child.pid,
            roots=import_roots(),
        )
        self._shared.aftermath.failed(attempt, dossier, self.grabbing.next, killed=True)
        self._shared.wake_by(0.0)

    def _end_attempt(self) -> None:
        self._attempt = None
        self._shared.load.ended()
        self._hard_at = self._memory_at = self._long_at = float("inf")
        if self._is_renamed:
            self._rename(None)

    # Everything that has its time.

    def tick(self, now: float) -> bool:
        """Do what is due; False when the slot has come to its end."""
        if now >= self._hard_at:
            self._hard_at = float("inf")
            self.executors.condemn("timed_out")
        if now >= self._memory_at:
            self._watch_memory(now)
        if now >= self._long_at and self._attempt is not None:
            self._long_at = float("inf")
            self._rename(int(self._clock.wall() - (now - self._attempt.started)))
        unsettled = any(link.awaited for link in self.grabbing.links)
        step = self.life.step(now, busy=self.is_busy, unsettled=unsettled)
        if step == "cut off":
            self.executors.condemn("lost")
        if step == "exit":
            return False
        self.executors.tick(now)
        if self._shared.keeper.proven:  # a worker without code must not count as one
            self.grabbing.tick(now)
        return True

    def next_tick(self, now: float) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        return min(
            self._hard_at,
            self._memory_at,
            self._long_at,
            now + STOPPING_CHECK if self.life.stopping else self.life.next_step(),
            self.executors.next_tick(),
            self.grabbing.next_tick(now) if self._shared.keeper.proven else float("inf"),
        )

    def end(self, deadline: float) -> None:
        """Begin the end: the executor in peace until the deadline, at once if a job is cut off."""
        self.executors.end(deadline, cut_off=self._attempt is not None)
        for link in self.grabbing.links:
            self._shared.lookout.leave(link)

    def ask_for_stack(self) -> None:
        """Have the executor write its stacks; `print_stack` prints them a moment later."""
        if self.executors.child is not None:
            self.executors.child.ask_for_stack()

    def print_stack(self) -> None:
        """Print the job at hand, and the stacks of the executor."""
        told = "no job" if self._attempt is None else self._attempt.told(self._options.function)
        print(f"{self._worker}: {told}", file=sys.stderr)
        if (child := self.executors.child) is not None:
            print(f"executor {child.pid}:\n{child.stack() or 'no answer'}", file=sys.stderr)

    def descriptors(self) -> list[int]:
        """The descriptors that a nursery must not keep open."""
        found = self.executors.descriptors()
        for link in self.grabbing.links:
            found += link.descriptors()
        return found

    def _hold(self, job: Assigned, until: float) -> None:
        self.grabbing.hold(job, until)
        self._shared.wake_by(0.0)

    def _rename(self, job_started: int | None) -> None:
        self._is_renamed = job_started is not None
        client_id = str(self.name._replace(job_started=job_started))
        for link in self.grabbing.links:
            link.rename(client_id)

    def _watch_memory(self, now: float) -> None:
        child, limit = self.executors.child, self._options.max_memory
        self._memory_at = now + MEMORY_CHECK
        if child is not None and limit and child.resident_bytes() >= limit:
            self._memory_at = float("inf")
            self.executors.condemn("out_of_memory")

    def _ready(self) -> None:
        self._shared.wake_by(0.0)
        self.grabbing.next()
