"""Keeps one executor ready: replaces those that died, were used up or have to be killed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from gearmang.errors import CannotLoad
from gearmang.terminal import clean
from gearmang.worker import frames
from gearmang.worker.autopsy import Ending
from gearmang.worker.child import Child
from gearmang.worker.dossiers import name_of_signal
from gearmang.worker.frames import Answer, BadFrame
from gearmang.worker.keeper import LOAD_TIMEOUT, Keeper
from gearmang.worker.loop import Clock, Loop
from gearmang.worker.nursery import NurseryDied
from gearmang.worker.options import WorkerOptions
from log_shipping.configuration import handler_of_environment

RETIRE_TIMEOUT: Final = 5.0  # seconds for on_stop and what else a retired executor does at its end
STACK_TIME: Final = 0.05  # seconds that faulthandler has to write the stacks before the kill
CLOSED_TIME: Final = 0.1  # seconds between the end of the socket and that of the process
RESPAWN: Final = 1.0  # seconds before the next one where one could not be forked, or died idle
RECEIVE_SIZE: Final = 64 * 1024  # bytes; more would cost an mmap each time

log = logging.getLogger("gearmang.worker")


class Executors:
    """The executor at hand, and those that are on their way out.

    Args:
        on_ready: called when the executor at hand can take jobs.
        on_answer: called with each answer of the executor at hand.
        on_death: called with the executor at hand and how it ended.
        left_behind: called with an executor that has ended: what it started must end, too.
        wake_by: asks for a `tick` at a time of the monotonic clock.
    """

    def __init__(
        self,
        options: WorkerOptions,
        keeper: Keeper,
        worker: str,
        loop: Loop,
        clock: Clock,
        *,
        on_ready: Callable[[], None],
        on_answer: Callable[[Answer], None],
        on_death: Callable[[Child, Ending], None],
        left_behind: Callable[[Child], None],
        wake_by: Callable[[float], None],
    ) -> None:
        self.worker = worker
        self._options, self._keeper = options, keeper
        self._loop, self._clock = loop, clock
        self._on_ready, self._on_answer, self._on_death = on_ready, on_answer, on_death
        self._left_behind, self._wake_by = left_behind, wake_by
        self._leaving: list[Child] = []
        self._respawn_at = 0.0
        self._at_end = False
        self.child: Child | None = None

    @property
    def is_ready(self) -> bool:
        child = self.child
        return child is not None and child.ready and not child.closed and child.condemned is None

    @property
    def is_worn_out(self) -> bool:
        """Whether the executor at hand has run as many jobs as it may."""
        most = self._options.max_jobs
        return most is not None and self.child is not None and self.child.jobs >= most

    @property
    def pids(self) -> set[int]:
        """Those that are alive, or not waited for yet."""
        return {child.pid for child in self._all()}

    def descriptors(self) -> list[int]:
        """The descriptors that another nursery must not keep open."""
        return [descriptor for child in self._all() for descriptor in child.descriptors()]

    def spawn(self) -> None:
        """Fork an executor, if the code is loaded and there is none."""
        if self.child is not None or self._at_end or not self._keeper.loaded:
            return
        self._keeper.owed += _own_drops()
        try:
            child = Child(self._keeper, self.worker, self._keeper.owed)
        except NurseryDied as error:
            self._keeper.failed(error)
            return
        except OSError as error:
            told = "no executor can be started (%s); trying again in %g s"
            log.error(told, error.strerror, RESPAWN)  # noqa: TRY400  # foreseen
            self._respawn_at = self._clock.monotonic() + RESPAWN
            self._wake_by(self._respawn_at)
            return
        self._keeper.owed = 0
        child.join(
            self._loop,
            answers=lambda: self._read(child),
            output=lambda _mask: self._read_tail(child),
            ended=lambda _mask: self._ended(child),
        )
        self._kill_by(child, child.started + LOAD_TIMEOUT)
        self.child = child

    def run(self, sequence: int, body: bytes) -> None:
        """Hand a job to the executor, which must be ready."""
        child = self.child
        if child is None:
            return
        child.tail.start()
        child.first_sequence = child.first_sequence or sequence
        child.jobs += 1
        try:
            child.stream.send(*frames.job_frame(sequence, body))
        except OSError:
            pass  # it is dying; its end tells how

    def replace(self) -> None:
        """Let the executor at hand end in peace, and fork another."""
        self.retire()
        self.spawn()

    def retire(self) -> None:
        """Let the executor at hand end in peace."""
        child = self.child
        if child is None:
            return
        self.child = None
        self._leaving.append(child)
        self._take_over_drops(child)
        self._kill_by(child, self._clock.monotonic() + RETIRE_TIMEOUT)
        try:
            child.stream.sock.shutdown(1)
        except OSError:
            pass  # it is gone already

    def condemn(self, outcome: str) -> None:
        """Kill the executor at hand, after it has written its stacks."""
        child = self.child
        if child is None or child.condemned is not None:
            return
        child.condemned = outcome
        child.ask_for_stack()
        self._kill_by(child, self._clock.monotonic() + STACK_TIME)

    def tick(self, now: float) -> None:
        """Kill what is due, fork what is missing."""
        for child in self._all():
            if now >= child.kill_at:
                child.kill_at = float("inf")
                if child.closed and child.condemned is None:
                    child.condemned = "closed"
                child.kill()
        if self.child is None and now >= self._respawn_at:
            self.spawn()

    def next_tick(self) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        soonest = min((child.kill_at for child in self._all()), default=float("inf"))
        if self.child is None and self._keeper.loaded and not self._at_end:
            soonest = min(soonest, self._respawn_at)
        return soonest

    def end(self, deadline: float, *, cut_off: bool = False) -> None:
        """Have all executors end: in peace until the deadline, by force after it.

        Args:
            cut_off: one of them runs a job, which ends at once.
        """
        self._at_end = True
        if cut_off:
            self.condemn("lost")  # its death is told, so that its attempt has a record
        else:
            self.retire()
        for child in self._leaving:
            self._kill_by(child, deadline)

    def _all(self) -> tuple[Child, ...]:
        return (*self._leaving, self.child) if self.child is not None else (*self._leaving,)

    def _read(self, child: Child) -> None:
        try:
            data = child.stream.sock.recv(RECEIVE_SIZE)
            if not data:
                self._closed(child)
                return
            for answer in child.decoder.feed(data):
                if child is self.child:
                    self._take(child, answer)
        except BlockingIOError:
            pass
        except OSError:
            self._closed(child)
        except BadFrame as error:
            log.warning("executor %d sent nonsense (%s); it is killed", child.pid, error)
            self._closed(child)

    def _closed(self, child: Child) -> None:
        """It may be about to exit; if it is not, its job has closed our socket."""
        child.stream.close()
        child.closed = True
        if child is self.child and child.condemned is None:
            self._kill_by(child, self._clock.monotonic() + CLOSED_TIME)

    def _take(self, child: Child, answer: Answer) -> None:
        if answer.kind == frames.READY:
            child.ready = True
            child.kill_at = float("inf")
            self._keeper.ready()
            self._on_ready()
        elif answer.kind == frames.BROKEN:
            self._break(child, answer.body.decode("utf-8", "backslashreplace"))
        else:
            self._on_answer(answer)

    def _break(self, child: Child, why: str) -> None:
        """The code loads, but no executor can be made of it."""
        if child is self.child:
            self.child = None
            self._leaving.append(child)
            self._kill_by(child, self._clock.monotonic() + RETIRE_TIMEOUT)
        self._keeper.failed(CannotLoad(clean(why)))

    def _kill_by(self, child: Child, moment: float) -> None:
        child.kill_at = moment
        self._wake_by(moment)

    def _take_over_drops(self, child: Child) -> None:
        """What an executor has dropped and will not report, the next one does."""
        count = child.dropped
        self._keeper.owed += count - child.taken_over
        child.taken_over = count

    def _read_tail(self, child: Child) -> None:
        if not child.tail.read():
            self._loop.remove(child.tail.descriptor)

    def _ended(self, child: Child) -> None:
        while child.stream.sock.fileno() >= 0 and child.has_said_more():
            self._read(child)  # what it said last
        ending = child.reap()
        if ending is None:
            return
        child.tail.drain()
        self._take_over_drops(child)
        self._left_behind(child)
        if child is not self.child:
            self._leaving = [other for other in self._leaving if other is not child]
            child.close(self._loop)
            return
        self.child = None
        if child.ready:
            if not child.jobs:
                self._respawn_at = self._clock.monotonic() + RESPAWN
                self._wake_by(self._respawn_at)
            self._on_death(child, ending)
        else:
            how = name_of_signal(ending.signal) if ending.signal else f"exit {ending.exit_code}"
            self._break(child, f"the executor died while loading the code ({how})")
        child.close(self._loop)
        if child.jobs:
            self.spawn()


def report_owed(count: int) -> None:
    """Have the supervisor say, at its end, what no executor is left to say."""
    handler = handler_of_environment()
    if handler is not None:
        handler.drop(count)


def _own_drops() -> int:
    """The records of killed attempts that the supervisor could not write: the executor's to say."""
    handler = handler_of_environment()
    if handler is None:
        return 0
    count = handler.dropped
    handler.drop(-count)
    return count
