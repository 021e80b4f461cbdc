"""Holds the connections, never runs user code: hands jobs to the executor and sees what happens."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import socket
import sys
import time
from dataclasses import replace
from typing import Final

from gearmang.protocol import wire
from gearmang.watch.worker_id import WorkerId
from gearmang.worker import frames, scratch
from gearmang.worker.aftermath import Aftermath, Attempt
from gearmang.worker.autopsy import HARD_AFTER, Ending, JobLimits, dossier_of_death
from gearmang.worker.child import Child, new_run_id
from gearmang.worker.dossiers import import_roots
from gearmang.worker.executors import RETIRE_TIMEOUT, STACK_TIME, Executors
from gearmang.worker.frames import Answer, failure_of, time_of
from gearmang.worker.grabbing import Assigned, Intake
from gearmang.worker.lifecycle import Lifecycle
from gearmang.worker.link import Link
from gearmang.worker.loop import Loop
from gearmang.worker.notify import Notifier
from gearmang.worker.options import WorkerOptions
from gearmang.worker.place import revision
from gearmang.worker.signals import Signals

MEMORY_CHECK: Final = 0.05  # seconds between two looks at a running job's memory
PART_TIMEOUT: Final = 1.0  # seconds for gearmand to read our last words
STOPPING_CHECK: Final = 0.05  # seconds between two looks whether the end has come
STATUS_INTERVAL: Final = 5.0  # seconds between two lines for systemd

log = logging.getLogger("gearmang.worker")


class Supervisor:
    """One worker: `run` returns its exit code.

    Raises:
        SpoolError: the spool folder cannot be used.
    """

    def __init__(self, options: WorkerOptions) -> None:
        self._options = options
        host = socket.gethostname()
        self._worker = str(WorkerId(options.function, host, os.getpid(), int(time.time())))
        self._run_id = new_run_id()
        self._loop = Loop()
        self._signals = Signals(self._loop, self._signalled)
        self._notifier = Notifier()
        self._intake = Intake(
            options,
            self._worker,
            self._loop,
            want=self._wants_job,
            on_job=self._start,
            on_change=self._server_changed,
        )
        where = {"host": host, "revision": revision()}
        self._aftermath = Aftermath(options, self._worker, where, self._intake, self._intake.next)
        self._executors = Executors(
            options,
            self._run_id,
            self._worker,
            self._loop,
            on_ready=self._ready,
            on_answer=self._answered,
            on_death=self._died,
            others=self._descriptors,
            wake_by=self._wake_by,
        )
        self._attempt: Attempt | None = None
        self._sequence = 0
        self._done = self._failed = 0
        self._ended = False
        self._wake_at = 0.0
        self._memory_at = self._hard_at = self._stack_at = float("inf")
        self._status_at = 0.0
        self._life = Lifecycle(options.lifetime, options.grace, time.monotonic())

    def run(self) -> int:
        """Work until the lifetime or a signal ends it.

        Raises:
            CannotLoad: the code could not be loaded even once.
        """
        loop = self._loop
        with self._signals:
            try:
                scratch.sweep()
                self._executors.spawn()
                while not self._ended:
                    now = time.monotonic()
                    if now >= self._wake_at:
                        self._tick(now)
                    loop.wait(max(0.0, self._wake_at - now))
            finally:
                self._notifier.say("STOPPING=1")
                self._executors.end(0.0 if self._attempt else RETIRE_TIMEOUT)
                self._intake.part(PART_TIMEOUT)
        loop.close()
        return self._life.exit_code

    # Jobs: what happens thousands of times a second.

    def _wants_job(self) -> bool:
        return (
            self._attempt is None
            and not self._life.stopping
            and not self._life.quiet
            and self._executors.is_ready
            and self._aftermath.is_spool_clear()
        )

    def _start(self, job: Assigned) -> None:
        self._sequence = sequence = self._sequence + 1
        self._executors.run(sequence, job.body)  # it runs while the rest is noted
        now = time.monotonic()
        self._attempt = Attempt(job, sequence, now, self._run_id)
        options = self._options
        if options.time_limit:
            self._hard_at = now + options.time_limit + HARD_AFTER
            self._wake_by(self._hard_at)
        if options.max_memory:
            self._memory_at = now + MEMORY_CHECK
            self._wake_by(self._memory_at)

    def _answered(self, answer: Answer) -> None:
        attempt = self._attempt
        if attempt is None:
            return
        kind = answer.kind
        if kind == frames.DONE or kind == frames.DONE_AND_FULL:  # the hot path
            self._attempt = None
            self._hard_at = self._memory_at = float("inf")
            self._done += 1
            if kind == frames.DONE_AND_FULL or self._executors.is_worn_out:
                self._executors.replace()
            self._intake.complete(attempt.job, answer.body)
        elif kind == frames.FAILED:
            self._end_attempt()
            self._take_failure(attempt, answer.body)
        elif kind == frames.HELD:
            self._end_attempt()
            self._intake.hold(attempt.job, time_of(answer.body))
            self._wake_by(0.0)
            self._intake.next()
        elif kind == frames.PROGRESS:
            self._intake.pass_on(attempt.job, wire.WORK_STATUS, answer.body)
        elif kind == frames.DATA:
            self._intake.pass_on(attempt.job, wire.WORK_DATA, answer.body)

    def _take_failure(self, attempt: Attempt, body: bytes) -> None:
        child = self._executors.child
        if child is None:
            return
        child.tail.drain()
        told = failure_of(body)
        dossier = replace(told.dossier, pid=child.pid, stderr=child.tail.text)
        if not self._options.keep_after_failure or self._executors.is_worn_out:
            self._executors.replace()
        self._failed += 1
        self._aftermath.failed(attempt, dossier, retryable=told.retryable, after=told.after)
        self._wake_by(0.0)

    def _died(self, child: Child, ending: Ending) -> None:
        attempt = self._attempt
        if attempt is None:
            log.warning("executor %d ended between two jobs: %s", child.pid, ending)
            return
        self._end_attempt()
        scratch.remove(os.getpid(), self._run_id, attempt.sequence)
        self._failed += 1
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
        self._aftermath.failed(attempt, dossier, killed=True)
        self._wake_by(0.0)

    def _end_attempt(self) -> None:
        self._attempt = None
        self._hard_at = self._memory_at = float("inf")

    # Everything that has its time.

    def _wake_by(self, moment: float) -> None:
        if moment < self._wake_at:
            self._wake_at = moment

    def _tick(self, now: float) -> None:
        if self._executors.broken is not None:
            raise self._executors.broken
        if now >= self._hard_at:
            self._hard_at = float("inf")
            self._executors.condemn("timed_out")
        if now >= self._memory_at:
            self._watch_memory(now)
        if now >= self._stack_at:
            self._stack_at = float("inf")
            self._print_stack()
        unsettled = any(link.awaited for link in self._intake.links)
        step = self._life.step(now, busy=self._attempt is not None, unsettled=unsettled)
        if step == "cut off":
            self._executors.condemn("lost")
        self._ended = step == "exit"
        if now >= self._status_at:
            self._tell_systemd(now)
        self._executors.tick(now)
        if self._executors.proven:  # a worker without code must not count as one
            self._intake.tick(now)
        self._wake_at = min(
            self._hard_at,
            self._memory_at,
            self._stack_at,
            self._life.next_step() if not self._life.stopping else now + STOPPING_CHECK,
            self._status_at,
            self._aftermath.next_tick(),
            self._executors.next_tick(),
            self._intake.next_tick(now),
        )

    def _watch_memory(self, now: float) -> None:
        child, limit = self._executors.child, self._options.max_memory
        self._memory_at = now + MEMORY_CHECK
        if child is not None and limit and child.resident_bytes() >= limit:
            self._memory_at = float("inf")
            self._executors.condemn("out_of_memory")

    def _ready(self) -> None:
        self._notifier.say("READY=1")
        self._wake_by(0.0)
        self._intake.next()

    def _server_changed(self, link: Link, what: str) -> None:
        log.warning("gearmand %s %s", link.server, what)
        self._wake_by(0.0)

    def _tell_systemd(self, now: float) -> None:
        self._status_at = now + STATUS_INTERVAL
        if self._notifier.watchdog:
            self._status_at = now + min(STATUS_INTERVAL, self._notifier.watchdog / 2)
            self._notifier.say("WATCHDOG=1")
        if self._notifier.is_wanted:
            up = sum(link.up for link in self._intake.links)
            self._notifier.status(
                f"{self._options.function}: {self._done} done, {self._failed} failed attempts, "
                f"{up} of {len(self._intake.links)} servers"
                + (", draining" if self._life.stopping else ", quiet" if self._life.quiet else "")
            )

    def _signalled(self, number: signal.Signals) -> None:
        self._wake_by(0.0)
        self._status_at = 0.0
        if number in (signal.SIGQUIT, signal.SIGUSR2):
            self._stack_at = time.monotonic() + STACK_TIME
            if self._executors.child is not None:
                self._executors.child.ask_for_stack()
        else:
            log.info("%s", number.name)
            self._life.signalled(number, time.monotonic())
            self._intake.next()

    def _print_stack(self) -> None:
        job = self._attempt
        print(f"{self._worker}: {job.envelope() if job else 'no job'}", file=sys.stderr)
        sys.stderr.flush()
        faulthandler.dump_traceback()
        child = self._executors.child
        if child is not None:
            print(f"executor {child.pid}:\n{child.stack() or 'no answer'}", file=sys.stderr)

    def _descriptors(self) -> list[int]:
        found = [self._loop.fileno(), *self._signals.descriptors()]
        for link in self._intake.links:
            found += link.descriptors()
        return found
