"""Faults by a seeded schedule, and the account that is asked for afterwards."""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.account import Account, account, missing_records
from tests.chaos.checks import Checks
from tests.chaos.faults import ALL, End, NotMade
from tests.chaos.pipeline import Pipeline
from tests.daemons.process import await_that

PAUSES = (0.05, 0.35)  # seconds between two faults
ANSWERS_WITHIN = 0.2  # seconds; a gearmand that is down has told nobody of its jobs
DEAF = ("gearmand killed", "gearmand stopped", "wire frozen")  # nobody is answered meanwhile
SERVED_WITHIN = 60.0  # seconds


class _Schedule:
    """What was made, and when it is to be taken back."""

    def __init__(self, pipeline: Pipeline, dice: random.Random, names: Sequence[str]) -> None:
        self.made: Counter[str] = Counter()
        self.in_flight = 0
        self.down: list[tuple[float, float]] = []
        self._pipeline, self._dice = pipeline, dice
        self._names = names
        self._weights = [ALL[name][1] for name in names]
        self._due: list[tuple[float, int, str, float, End]] = []
        self._numbers = itertools.count()

    def make(self) -> None:
        """The next fault; one of its kind that lasts still is taken back first."""
        (name,) = self._dice.choices(self._names, self._weights)
        fault, _, lasting = ALL[name]
        seconds = self._dice.uniform(*lasting)
        self.take_back(name)
        try:
            in_flight = self._pipeline.waiting(ANSWERS_WITHIN)
        except OSError:
            in_flight = 0  # nobody can say
        try:
            end = fault(self._pipeline, self._dice)
        except NotMade:
            return
        self.made[name] += 1
        self.in_flight += in_flight
        if end is not None:
            now = time.monotonic()
            heapq.heappush(self._due, (now + seconds, next(self._numbers), name, now, end))

    def take_back(self, name: str | None = None, *, everything: bool = False) -> None:
        """Take back what is due, what has this name, or everything."""
        for item in sorted(self._due):
            at, _, what, since, end = item
            if everything or what == name or at <= time.monotonic():
                if what in DEAF:
                    self.down.append((since, time.monotonic()))
                end()
                self._due.remove(item)
        heapq.heapify(self._due)


def run(
    folder: Path,
    seed: int,
    duration: float,
    *,
    engine: str = "sqlite",
    only: Sequence[str] = (),
    pauses: tuple[float, float] = PAUSES,
    keep: bool = False,
) -> Account:
    """One run of so many seconds.

    Args:
        engine: of the store: ``sqlite`` or ``postgresql``.
        only: names of faults; by default all of them.
        pauses: the least and the most seconds between two faults.
        keep: copy what is on small disks of its own.
    """
    dice = random.Random(seed)
    pipeline = Pipeline(folder, seed, engine)
    checks = Checks(pipeline.wire.address)
    schedule = _Schedule(pipeline, dice, only or [*ALL])
    try:
        workers = lambda: pipeline.gearmand.functions().get(pipeline.function, (0, 0, 0))[2]  # noqa: E731
        await_that(workers, "workers", SERVED_WITHIN)
        until = time.monotonic() + duration
        while time.monotonic() < until:
            schedule.make()
            time.sleep(dice.uniform(*pauses))
            schedule.take_back()
            pipeline.mend()
        schedule.take_back(everything=True)
        pipeline.end_submitting()
        found = account(pipeline, checks, schedule.made, schedule.in_flight, schedule.down)
        trouble = [f"left behind: {one}" for one in pipeline.stop()]
        trouble += missing_records(pipeline)
        return found._replace(trouble=[*found.trouble, *trouble])
    finally:
        pipeline.stop()
        pipeline.remove(keep=keep)
