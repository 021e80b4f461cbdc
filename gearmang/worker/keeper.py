"""Keeps a nursery that has loaded the code, and opens another one when it dies."""

from __future__ import annotations

import itertools
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from gearmang.errors import CannotLoad, GearmangError
from gearmang.terminal import clean
from gearmang.worker import place
from gearmang.worker.dossiers import name_of_signal
from gearmang.worker.loop import Clock, Loop
from gearmang.worker.nursery import Nursery, NurseryDied
from gearmang.worker.options import WorkerOptions

LOAD_TIMEOUT: Final = 120.0  # seconds for importing the code
FIRST_RESPAWN: Final = 1.0  # seconds between two tries to load code that breaks; doubled
LAST_RESPAWN: Final = 30.0  # seconds

log = logging.getLogger("gearmang.worker")


class Keeper:
    """One nursery for all slots.

    Args:
        others: gives the descriptors that a nursery must not keep open.
        on_loaded: called when executors can be forked.
        wake_by: asks for a `tick` at a time of the monotonic clock.

    Attributes:
        run_id: 16 random hexadecimal digits, by which one process's jobs and folders are told
            apart from another's.
        proven: an executor was ready once.
        broken: the code cannot be loaded at all.
        owed: records that dead executors could not write and nobody has reported yet.
    """

    def __init__(
        self,
        options: WorkerOptions,
        loop: Loop,
        clock: Clock,
        *,
        others: Callable[[], Iterable[int]],
        on_loaded: Callable[[], None],
        wake_by: Callable[[float], None],
    ) -> None:
        self.run_id = secrets.token_hex(8)
        self.proven = False
        self.broken: GearmangError | None = None
        self.owed = 0
        self._options, self._loop, self._clock = options, loop, clock
        self._others, self._on_loaded, self._wake_by = others, on_loaded, wake_by
        self._nursery: Nursery | None = None
        self._open_at = 0.0
        self._delay = FIRST_RESPAWN
        self._numbers = itertools.count(1)

    @property
    def pids(self) -> set[int]:
        """The nursery's, if there is one."""
        return {self._nursery.pid} if self._nursery is not None else set()

    @property
    def loaded(self) -> bool:
        """Whether executors can be forked."""
        return self._nursery is not None and self._nursery.loaded

    def descriptors(self) -> tuple[int, ...]:
        """The descriptors that another nursery must not keep open."""
        return (self._nursery.fileno(),) if self._nursery is not None else ()

    def new_mark(self) -> int:
        """A mark for the next executor and all that it starts."""
        return place.new_mark(os.getpid(), next(self._numbers))

    def bear(self, descriptors: Sequence[int], worker: str, mark: int) -> int:
        """Fork an executor; its pid. See `Nursery.bear`.

        Raises:
            NurseryDied: it did not.
            OSError: there is no room for another process.
        """
        if self._nursery is None:
            raise NurseryDied("there is no process that forks executors")
        return self._nursery.bear(descriptors, worker, mark)

    def ready(self) -> None:
        """An executor was made, and has started: the code is good."""
        self.proven = True
        self._delay = FIRST_RESPAWN

    def failed(self, error: GearmangError) -> None:
        """The code is of no use now: try again with a new nursery, less and less often."""
        self._wake_by(0.0)
        if self._nursery is not None:
            died_of = self._nursery.end(self._loop)
            self._nursery = None
            if isinstance(error, NurseryDied) and died_of:
                name = name_of_signal(died_of)
                error = CannotLoad(f"loading the code killed its process: {name}")
        if not self.proven:
            self.broken = self.broken or error
            return
        log.error("%s; trying again in %g s", clean(str(error)), self._delay)
        self._open_at = self._clock.monotonic() + self._delay
        self._delay = min(self._delay * 2, LAST_RESPAWN)

    def tick(self, now: float) -> None:
        """Open a nursery where there is none; give up one that loads for too long."""
        nursery = self._nursery
        if nursery is None:
            if now >= self._open_at and self.broken is None:
                self._open(now)
        elif not nursery.loaded and now >= nursery.started + LOAD_TIMEOUT:
            self.failed(CannotLoad(f"the code was not loaded within {LOAD_TIMEOUT:g} s"))

    def next_tick(self) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        if self._nursery is None:
            return self._open_at
        return float("inf") if self._nursery.loaded else self._nursery.started + LOAD_TIMEOUT

    def end(self) -> None:
        """End the nursery."""
        if self._nursery is not None:
            self._nursery.end(self._loop)
            self._nursery = None

    def _open(self, now: float) -> None:
        try:
            self._nursery = Nursery(self._options, self.run_id, [*self._others()])
            self._loop.add(self._nursery.fileno(), self._hear)
        except OSError as error:
            log.error(  # noqa: TRY400  # foreseen: its sentence says it all
                "no process can be started (%s); trying again in 1 s", error.strerror
            )
            self._open_at = now + 1.0

    def _hear(self, _mask: int) -> None:
        if self._nursery is None:
            return
        try:
            self._nursery.hear()
        except (CannotLoad, NurseryDied) as error:
            self.failed(error)
        else:
            self._on_loaded()
