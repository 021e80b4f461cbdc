"""Jobs submitted at known times by clients of three kinds, and whether their ages are told rightly.

The submitter and the workers write down what they do; from that it is known which jobs waited at
any moment, and since when.
"""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gearmang.job.client import Client
from gearmang.protocol.server import Server
from gearmang.watch.course import continued
from gearmang.watch.movement import Past, flow_of, judge
from gearmang.watch.overview import overview
from gearmang.watch.poll import Snapshot, poll
from gearmang.worker.policy import JITTER
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import Worker
from tests.daemons.process import await_that
from tests.daemons.registrations import Registrations

KINDS = ("ours", "php", "bare")  # functions, named for who submits their jobs
TARGET = "tests.integration.workers_at_pace:note"
BACKOFF = 2.0  # seconds
SCHEDULED_EACH, SCHEDULED_FOR = 10, 3  # of the jobs of our client, so many seconds later
LOOK_EVERY = 0.25  # seconds
ALLOWED = 1.0  # seconds that an age may be wrong
BLUR = 0.3  # seconds between an event and its line in a diary, on a busy machine


class Event(NamedTuple):
    """What happened to a job.

    Attributes:
        at: in seconds since the epoch.
        number: which job.
        waits: since when it waits from now on, at the earliest and at the latest; None: it does
            not wait any more.
    """

    at: float
    number: int
    waits: tuple[float, float] | None


class Look(NamedTuple):
    """One reading: when it began and ended, and the oldest age told of each function."""

    begun: float
    ended: float
    told: dict[str, float | None]
    bounds: dict[str, float | None]


class Trial:
    """The whole run.

    Args:
        folder: for the files of all processes.
        jobs: how many are submitted.
        seconds: over how long.
    """

    def __init__(self, folder: Path, jobs: int, seconds: float) -> None:
        self._folder, self._jobs, self._seconds = folder, jobs, seconds
        self._diary = folder / "diary"
        self._diary.touch()
        self._submitted: list[Event] = []
        self._function: dict[int, str] = {}
        self._past: Past | None = None
        self.looks: list[Look] = []

    def run(self) -> None:
        """Accumulate, drain, accumulate, restart gearmand, drain; look all the while."""
        with ExitStack() as stack:
            gearmand = stack.enter_context(Gearmand(self._folder, persistent=True))
            client = stack.enter_context(Client([gearmand.address]))
            php = self._php(stack, gearmand)
            drained, idle = ExitStack(), ExitStack()

            def restart() -> None:
                client.close()
                gearmand.kill()
                gearmand.start()

            steps: dict[float, Callable[[], None]] = {
                0.35: partial(self._work, drained, gearmand),
                0.60: drained.close,
                0.80: restart,
                0.85: partial(self._work, idle, gearmand),
            }
            stack.callback(idle.close)
            stack.callback(drained.close)
            self._look(gearmand)
            begun = next_look = time.monotonic()
            for number in range(self._jobs):
                due = begun + self._seconds * number / self._jobs
                while (now := time.monotonic()) < due or now >= next_look:
                    if now >= next_look:
                        self._look(gearmand)
                        next_look = now + LOOK_EVERY
                    time.sleep(max(0.0, min(due, next_look) - time.monotonic()))
                for share in [one for one in steps if number >= one * self._jobs]:
                    steps.pop(share)()
                self._submit(number, gearmand, client, php)
            await_that(lambda: self._is_over(gearmand), "all jobs are done", 60)

    def _is_over(self, gearmand: Gearmand) -> bool:
        self._look(gearmand)
        return not any(total for total, _, _ in gearmand.functions().values())

    def _php(self, stack: ExitStack, gearmand: Gearmand) -> subprocess.Popen[str]:
        script = Path(__file__).parent / "submitting.php"
        php = subprocess.Popen(
            ["php", script, str(gearmand.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        stack.callback(php.communicate)
        return php

    def _work(self, stack: ExitStack, gearmand: Gearmand) -> None:
        diary = {"DIARY": str(self._diary)}
        for kind in KINDS:
            options = ("--backoff", f"{BACKOFF:g}s", "--lifetime", "0")
            worker = Worker(self._folder, gearmand, TARGET, kind, *options, environment=diary)
            stack.enter_context(worker)

    def _submit(
        self, number: int, gearmand: Gearmand, client: Client, php: subprocess.Popen[str]
    ) -> None:
        kind = KINDS[number % len(KINDS)]
        self._function[number] = kind
        data, before = str(number).encode(), time.time()
        if kind == "php":
            assert php.stdin is not None
            assert php.stdout is not None
            php.stdin.write(f"{kind} {number}\n")
            php.stdin.flush()
            assert php.stdout.readline() == "queued\n"
        elif kind == "bare":
            with Registrations(gearmand) as there:
                there.submit_bare(kind.encode(), data)
        elif number % SCHEDULED_EACH == 0:
            before = float(math.ceil(before + SCHEDULED_FOR))
            client.submit(kind, data, at=before)
        else:
            client.submit(kind, data)
        now = time.time()
        self._submitted.append(Event(now, number, (before, max(before, now))))

    def _look(self, gearmand: Gearmand) -> None:
        begun = time.time()
        answers = poll([Server("127.0.0.1", gearmand.port)], timeout=10, keys=True)
        ended = time.time()
        assert isinstance(answers[0], Snapshot)
        self._past = continued(self._past, answers[0], ended, window=20)
        flows = judge(self._past, 20)
        waited = {row.sums.name: row.waited for row in overview(answers, ended).rows}
        empty = {kind: flow_of(flows, kind).empty_at for kind in KINDS}
        bounds = {kind: None if at is None else ended - at for kind, at in empty.items()}
        told = {kind: waited.get(kind) for kind in KINDS}
        self.looks.append(Look(begun, ended, told, bounds))

    def errors(self, kind: str) -> Iterator[float]:
        """For each look, by how many seconds the age told of the oldest job was wrong."""
        events = sorted(self._events(kind))
        for look in self.looks:
            yield min(_distance(look, look.told[kind], truth) for truth in _truths(events, look))

    def lacks(self, kind: str) -> Iterator[float]:
        """For each look that gave a bound, by how much the oldest job was older than it."""
        events = sorted(self._events(kind))
        for look in self.looks:
            bound = look.bounds[kind]
            if bound is not None:
                ages = [
                    0.0 if one is None else look.ended - one[1] for one in _truths(events, look)
                ]
                yield min(ages) - bound

    def _events(self, kind: str) -> Iterator[Event]:
        yield from (one for one in self._submitted if self._function[one.number] == kind)
        for line in self._diary.read_text().splitlines():
            what, digits, moment = line.split()
            number, at = int(digits), float(moment)
            if self._function[number] != kind:
                continue
            if what == "failed":
                # With jitter, and then until the next whole second.
                yield Event(at, number, (at + BACKOFF, at + BACKOFF * (1 + JITTER) + 1))
            else:
                yield Event(at, number, None)


def _truths(events: list[Event], look: Look) -> Iterator[tuple[float, float] | None]:
    """Since when the oldest job waited, at each moment that the look may have been at."""
    start, end = look.begun - BLUR, look.ended + BLUR
    waiting: dict[int, tuple[float, float]] = {}
    passed = False
    for at, number, waits in events:
        if at > end:
            break
        if at > start and not passed:
            passed = True
            yield _oldest(waiting, look.ended)
        if waits is None:
            waiting.pop(number, None)
        else:
            waiting[number] = waits
        if passed:
            yield _oldest(waiting, look.ended)
    yield _oldest(waiting, look.ended)


def _oldest(waiting: dict[int, tuple[float, float]], now: float) -> tuple[float, float] | None:
    """Since when the oldest job waits, at the earliest and at the latest; None: none waits yet."""
    if not waiting:
        return None
    earliest, latest = (min(times) for times in zip(*waiting.values(), strict=True))
    return None if earliest > now else (earliest, latest)


def _distance(look: Look, told: float | None, truth: tuple[float, float] | None) -> float:
    if truth is None:
        return told or 0.0
    least, most = max(0.0, look.ended - truth[1]), look.ended - truth[0]
    return least if told is None else max(0.0, least - told, told - most)
