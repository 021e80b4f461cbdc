"""Keeps one executor ready: replaces those that died, were used up or have to be killed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from gearmang.errors import CannotLoad, GearmangError
from gearmang.worker import frames, place
from gearmang.worker.autopsy import Ending
from gearmang.worker.child import Child
from gearmang.worker.dossiers import name_of_signal
from gearmang.worker.frames import Answer, BadFrame
from gearmang.worker.loop import Loop
from gearmang.worker.nursery import Nursery, NurseryDied
from gearmang.worker.options import WorkerOptions

LOAD_TIMEOUT: Final = 120.0  # seconds for importing the code
RETIRE_TIMEOUT: Final = 5.0  # seconds for on_stop and what else a retired executor does at its end
STACK_TIME: Final = 0.05  # seconds that faulthandler has to write the stacks before the kill
CLOSED_TIME: Final = 0.1  # seconds between the end of the socket and that of the process
LAST_RESPAWN: Final = 30.0  # seconds between two tries to load code that breaks
RECEIVE_SIZE: Final = 64 * 1024  # bytes; more would cost an mmap each time

log = logging.getLogger("gearmang.worker")


class Executors:
    """The executor at hand, and those that are on their way out.

    Args:
        on_ready: called when the executor at hand can take jobs.
        on_answer: called with each answer of the executor at hand.
        on_death: called with the executor at hand and how it ended.
        others: gives the descriptors that an executor must not keep open.
        wake_by: asks for a `tick` at a time of the monotonic clock.
    """

    def __init__(
        self,
        options: WorkerOptions,
        run_id: str,
        worker: str,
        loop: Loop,
        *,
        on_ready: Callable[[], None],
        on_answer: Callable[[Answer], None],
        on_death: Callable[[Child, Ending], None],
        others: Callable[[], list[int]],
        wake_by: Callable[[float], None],
    ) -> None:
        self._options, self._run_id, self._worker, self._loop = options, run_id, worker, loop
        self._on_ready, self._on_answer, self._on_death = on_ready, on_answer, on_death
        self._others, self._wake_by = others, wake_by
        self._foreign = place.children()
        self._leaving: list[Child] = []
        self._respawn_at = 0.0
        self._respawn_delay = 1.0
        self._nursery: Nursery | None = None
        self.child: Child | None = None
        self.proven = False  # the code was loaded once
        self.broken: GearmangError | None = None  # the code cannot be loaded at all
        place.adopt_orphans()

    @property
    def is_ready(self) -> bool:
        child = self.child
        return child is not None and child.ready and not child.closed and child.condemned is None

    @property
    def is_worn_out(self) -> bool:
        """Whether the executor at hand has run as many jobs as it may."""
        most = self._options.max_jobs
        return most is not None and self.child is not None and self.child.jobs >= most

    def spawn(self) -> None:
        """Fork an executor."""
        if self._nursery is None:
            self._open_nursery()
            return
        if not self._nursery.loaded:
            return
        try:
            child = Child(self._nursery, self._run_id)
        except NurseryDied as error:
            self._break(error)
            return
        child.join(
            self._loop,
            answers=lambda: self._read(child),
            output=lambda _mask: self._read_tail(child),
            ended=lambda _mask: self._ended(child),
        )
        self._kill_by(child, child.started + LOAD_TIMEOUT)
        self.child = child

    def _open_nursery(self) -> None:
        self._nursery = Nursery(self._options, self._run_id, self._worker, self._others())
        self._loop.add(self._nursery.fileno(), self._hear_nursery)
        self._wake_by(self._nursery.started + LOAD_TIMEOUT)

    def _hear_nursery(self, _mask: int) -> None:
        if self._nursery is None:
            return
        try:
            self._nursery.hear()
        except (CannotLoad, NurseryDied) as error:
            self._break(error)
        else:
            if self.child is None:
                self.spawn()

    def run(self, sequence: int, body: bytes) -> None:
        """Hand a job to the executor, which must be ready."""
        child = self.child
        if child is None:
            return
        child.tail.start()
        child.jobs += 1
        try:
            child.stream.send(frames.job_frame(sequence, body))
        except OSError:
            pass  # it is dying; its end tells how

    def replace(self) -> None:
        """Let the executor at hand end in peace, and fork another."""
        child = self.child
        if child is not None:
            self._retire(child)
        self.spawn()

    def condemn(self, outcome: str) -> None:
        """Kill the executor at hand, after it has written its stacks."""
        child = self.child
        if child is None or child.condemned is not None:
            return
        child.condemned = outcome
        child.ask_for_stack()
        self._kill_by(child, time.monotonic() + STACK_TIME)

    def tick(self, now: float) -> None:
        """Kill what is due, fork what is missing."""
        for child in (*self._leaving, *([self.child] if self.child else ())):
            if now >= child.kill_at:
                child.kill_at = float("inf")
                if child.closed and child.condemned is None:
                    child.condemned = "closed"
                child.kill()
        nursery = self._nursery
        if nursery and not nursery.loaded and now >= nursery.started + LOAD_TIMEOUT:
            self._break(CannotLoad(f"the code was not loaded within {LOAD_TIMEOUT:g} s"))
        if self.child is None and now >= self._respawn_at:
            self.spawn()

    def next_tick(self) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        due = [child.kill_at for child in self._leaving]
        if self.child is not None:
            due.append(self.child.kill_at)
        elif self._nursery is not None and not self._nursery.loaded:
            due.append(self._nursery.started + LOAD_TIMEOUT)
        else:
            due.append(self._respawn_at)
        return min(due)

    def end(self, timeout: float) -> None:
        """End all executors: in peace within the timeout, by force after it."""
        if self.child is not None:
            self._retire(self.child)
            self.child = None
        deadline = time.monotonic() + timeout
        for child in self._leaving:
            child.kill_at = deadline
        while self._leaving and time.monotonic() < deadline + RETIRE_TIMEOUT:
            self._loop.wait(max(0.0, min(deadline - time.monotonic(), 0.1)))
            for child in list(self._leaving):
                if time.monotonic() >= child.kill_at:
                    child.kill()
        if self._nursery is not None:
            self._nursery.end(self._loop)
            self._nursery = None
        place.kill_children_except(self._known())

    def _retire(self, child: Child) -> None:
        self.child = None
        self._leaving.append(child)
        self._kill_by(child, time.monotonic() + RETIRE_TIMEOUT)
        try:
            child.stream.sock.shutdown(1)
        except OSError:
            pass  # it is gone already

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
            self._kill_by(child, time.monotonic() + CLOSED_TIME)

    def _take(self, child: Child, answer: Answer) -> None:
        if answer.kind == frames.READY:
            child.ready = self.proven = True
            child.kill_at = float("inf")
            self._respawn_delay = 1.0
            self._on_ready()
        elif answer.kind == frames.BROKEN:
            self._break(CannotLoad(answer.body.decode("utf-8", "backslashreplace")))
        else:
            self._on_answer(answer)

    def _break(self, error: GearmangError) -> None:
        """The code is of no use now: try again with a new nursery, less and less often."""
        if self._nursery is not None:
            died_of = self._nursery.end(self._loop)
            self._nursery = None
            if isinstance(error, NurseryDied) and died_of:
                error = CannotLoad(
                    f"loading the code killed its process: {name_of_signal(died_of)}"
                )
        if not self.proven:
            self.broken = error
            self._wake_by(0.0)
            return
        log.error("%s; trying again in %g s", error, self._respawn_delay)
        child = self.child
        if child is not None and not child.ready:  # a ready one works on without a nursery
            self.child = None
            self._leaving.append(child)
            self._kill_by(child, time.monotonic() + RETIRE_TIMEOUT)
        self._respawn_at = time.monotonic() + self._respawn_delay
        self._wake_by(self._respawn_at)
        self._respawn_delay = min(self._respawn_delay * 2, LAST_RESPAWN)

    def _kill_by(self, child: Child, moment: float) -> None:
        child.kill_at = moment
        self._wake_by(moment)

    def _read_tail(self, child: Child) -> None:
        if not child.tail.read():
            self._loop.remove(child.tail.descriptor)

    def _ended(self, child: Child) -> None:
        if child.stream.sock.fileno() >= 0:
            self._read(child)  # what it said last
        ending = child.reap()
        if ending is None:
            return
        child.tail.drain()
        place.kill_children_except(self._known() | {child.pid})
        if child is not self.child:
            self._leaving = [other for other in self._leaving if other is not child]
            child.close(self._loop)
            return
        self.child = None
        if child.ready:
            self._respawn_at = 0.0 if child.jobs else time.monotonic() + 1.0
            self._on_death(child, ending)
        else:
            how = name_of_signal(ending.signal) if ending.signal else f"exit {ending.exit_code}"
            self._break(CannotLoad(f"the executor died while loading the code ({how})"))
        child.close(self._loop)
        if child.jobs:
            self.spawn()

    def _known(self) -> set[int]:
        """Our own processes; every other child of ours is what a job has left behind."""
        known = {child.pid for child in self._leaving} | self._foreign
        if self._nursery is not None:
            known.add(self._nursery.pid)
        if self.child is not None:
            known.add(self.child.pid)
        return known
