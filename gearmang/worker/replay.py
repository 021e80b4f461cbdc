"""Runs one job in an executor without any gearmand: to see again how it failed."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final, NamedTuple

from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from gearmang.protocol.server import Server
from gearmang.worker import frames, place
from gearmang.worker.autopsy import HARD_AFTER, Ending, JobLimits, dossier_of_death
from gearmang.worker.child import Child
from gearmang.worker.dossiers import import_roots
from gearmang.worker.executors import Executors
from gearmang.worker.frames import Answer
from gearmang.worker.keeper import Keeper
from gearmang.worker.loading import Target
from gearmang.worker.loop import Clock, Loop
from gearmang.worker.options import WorkerOptions

END_TIMEOUT: Final = 1.0  # seconds for on_stop and what else the executor does at its end


class Replayed(NamedTuple):
    """How it went: one of the two is known.

    Attributes:
        result: what the function returned, as a caller would get it.
        dossier: of the attempt that failed.
    """

    result: bytes | None
    dossier: Dossier | None


def replay(
    target: Target,
    envelope: Envelope,
    *,
    function: str,
    time_limit: float | None = None,
    max_memory: int | None = None,
) -> Replayed:
    """Run a job once, in a process that may die of it.

    Args:
        target: ``module:function``, or the code itself.
        envelope: the job; its not-before is ignored.
        function: the name that the code sees in ``job.function``.
        time_limit: seconds.
        max_memory: resident bytes.

    Raises:
        CannotLoad: the code cannot be loaded.
    """
    options = WorkerOptions(
        function=function,
        target=target,
        servers=(Server("localhost"),),  # never spoken to
        time_limit=time_limit,
        max_memory=max_memory,
    )
    return _Replay(options, envelope).run()


class _Replay:
    def __init__(self, options: WorkerOptions, envelope: Envelope) -> None:
        self._options = options
        self._body = b"\0".join((b"replay", b"", b"", envelope.revived().pack()))
        self._attempt = envelope.attempt
        self._loop = Loop()
        self._foreign = place.children()
        place.adopt_orphans()
        clock = Clock()
        self._keeper = Keeper(
            options,
            self._loop,
            clock,
            others=lambda: [self._loop.fileno()],
            on_loaded=lambda: self._executors.spawn(),
            wake_by=lambda _moment: None,
        )
        self._executors = Executors(
            options,
            self._keeper,
            "replay",
            self._loop,
            clock,
            on_ready=self._ready,
            on_answer=self._answered,
            on_death=self._died,
            left_behind=lambda _child: None,
            wake_by=lambda _moment: None,
        )
        self._hard_at = float("inf")
        self._replayed: Replayed | None = None

    def run(self) -> Replayed:
        try:
            while self._replayed is None:
                now = time.monotonic()
                self._keeper.tick(now)
                self._executors.tick(now)
                if self._keeper.broken is not None:
                    raise self._keeper.broken
                self._watch(now)
                self._loop.wait(0.05)
        finally:
            self._end()
        return self._replayed

    def _end(self) -> None:
        deadline = time.monotonic() + END_TIMEOUT
        self._executors.end(deadline)
        while self._executors.pids and time.monotonic() < deadline + END_TIMEOUT:
            self._executors.tick(time.monotonic())
            self._loop.wait(0.05)
        self._keeper.end()
        place.kill_children(self._foreign)
        self._loop.close()

    def _watch(self, now: float) -> None:
        child, limit = self._executors.child, self._options.max_memory
        if now >= self._hard_at:
            self._executors.condemn("timed_out")
        elif child is not None and limit and child.resident_bytes() >= limit:
            self._executors.condemn("out_of_memory")

    def _ready(self) -> None:
        if self._options.time_limit:
            self._hard_at = time.monotonic() + self._options.time_limit + HARD_AFTER
        self._executors.run(1, self._body)

    def _answered(self, answer: Answer) -> None:
        if answer.kind in (frames.DONE, frames.DONE_AND_FULL):
            self._replayed = Replayed(answer.body, None)
        elif answer.kind == frames.FAILED:
            dossier = frames.failure_of(answer.body).dossier
            self._replayed = Replayed(None, self._signed(dossier))

    def _died(self, child: Child, ending: Ending) -> None:
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
        self._replayed = Replayed(None, self._signed(dossier))

    def _signed(self, dossier: Dossier) -> Dossier:
        return replace(dossier, function=self._options.function, attempt=self._attempt)
