"""Faults by a seeded schedule, and the account that is asked for afterwards."""

from __future__ import annotations

import contextlib
import random
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.chaos.pipeline import FUNCTION, Pipeline
from tests.daemons.process import await_that

IDLE_WITHIN = 60.0  # seconds
FAULTS = (
    "kill", "kill", "term", "stop", "gearmand killed", "cut", "half-closed", "torn", "frozen",
    "created 3 s late", "created 12 s late", "store locked", "maxqueue", "requeue", "undo",
)  # fmt: skip
PAUSES = (0.05, 0.6)  # seconds between two faults
LEFT = 5  # packets of a lost job that are printed for each part of its story


class Account(NamedTuple):
    """What a run has come to.

    Attributes:
        faults: how often each was made.
        jobs: that gearmand said it has.
        lost: the payloads of those that are neither done nor dead.
        doubled: jobs that were done more than once.
        recovery: seconds from the last fault until all was idle.
        trouble: whatever else is not as it must be.
        story: the packets of a lost job.
    """

    faults: Counter[str]
    jobs: int
    lost: list[bytes]
    doubled: int
    recovery: float
    trouble: list[str]
    story: list[str]

    def told(self) -> str:
        made = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        lines = [
            f"{self.faults.total()} faults ({made})",
            f"{self.jobs} jobs, {len(self.lost)} lost, {self.doubled} doubled, "
            f"idle {self.recovery:.1f} s after the last fault",
            *(f"lost: {payload!r}" for payload in self.lost),
            *self.trouble,
            *self.story,
        ]
        return "\n".join(lines)


def run(folder: Path, seed: int, duration: float) -> Account:
    """One run of so many seconds."""
    dice = random.Random(seed)
    pipeline = Pipeline(folder, seed)
    faults: Counter[str] = Counter()
    try:
        await_that(lambda: pipeline.gearmand.functions().get(FUNCTION, (0, 0, 0))[2], "workers")
        until = time.monotonic() + duration
        while time.monotonic() < until:
            fault = dice.choice(FAULTS)
            _make(fault, pipeline, dice)
            faults[fault] += 1
            time.sleep(dice.uniform(*PAUSES))
            pipeline.mend()
        pipeline.end_submitting()
        return _account(pipeline, faults)
    finally:
        pipeline.stop()


def _make(fault: str, pipeline: Pipeline, dice: random.Random) -> None:
    part = pipeline.parts[dice.choice(sorted(pipeline.parts))]
    wire = pipeline.wire
    if fault == "kill":
        part.kill()
    elif fault == "term" and part.is_running():
        part.send(signal.SIGTERM)
    elif fault == "stop" and part.is_running():
        part.send(signal.SIGSTOP)
        time.sleep(dice.uniform(0.2, 1.5))
        part.send(signal.SIGCONT)
    elif fault == "gearmand killed":
        pipeline.gearmand.kill()
        time.sleep(dice.uniform(0, 0.5))
        pipeline.gearmand.start()
    elif fault == "cut":
        wire.cut()
    elif fault == "half-closed":
        wire.half_close()
    elif fault == "torn":
        wire.tear()
    elif fault == "frozen":
        wire.freeze()
        time.sleep(dice.uniform(0.2, 1.5))
        wire.thaw()
    elif fault in ("created 3 s late", "created 12 s late"):
        wire.created_after = float(fault.split()[1])
        time.sleep(0.3)
        wire.created_after = 0.0
    elif fault == "store locked":
        with contextlib.closing(sqlite3.connect(pipeline.store, timeout=5)) as store:
            with contextlib.suppress(sqlite3.OperationalError):
                store.execute("BEGIN IMMEDIATE")
            time.sleep(dice.uniform(0.2, 1))
            store.rollback()
    elif fault == "maxqueue":
        with contextlib.suppress(OSError):
            pipeline.gearmand.ask(f"maxqueue {FUNCTION} 3")
            time.sleep(dice.uniform(0.2, 1))
            pipeline.gearmand.ask(f"maxqueue {FUNCTION} 0")
    elif fault == "requeue":
        pipeline.operate("requeue", "--error", "ValueError", "--yes")
    elif fault == "undo":
        plan = _last_plan(pipeline)
        if plan:
            pipeline.operate("undo", plan, "--yes")


def _last_plan(pipeline: Pipeline) -> str | None:
    with contextlib.closing(sqlite3.connect(pipeline.store, timeout=5)) as store:
        try:
            row = store.execute("SELECT plan FROM dead_letters WHERE plan IS NOT NULL").fetchone()
        except sqlite3.OperationalError:
            return None
    return str(row[0]) if row else None


def _account(pipeline: Pipeline, faults: Counter[str]) -> Account:
    trouble: list[str] = []
    began = time.monotonic()
    try:
        await_that(lambda: _is_idle(pipeline), "all is idle", IDLE_WITHIN)
    except TimeoutError as error:
        trouble.append(f"{error}: {pipeline.gearmand.functions()}")
    recovery = time.monotonic() - began
    # Any plain command mends what a killed one has left, whatever it matches.
    plain = pipeline.operate("requeue", "--function", "nobody", "--yes")
    with contextlib.suppress(TimeoutError):
        await_that(lambda: _is_idle(pipeline), "all is idle again", IDLE_WITHIN)
    letters = pipeline.letters()
    under_way = Counter(state for state, _ in letters if state in ("requeuing", "recalling"))
    if under_way:
        trouble.append(f"letters under way: {dict(under_way)} ({plain.stderr.strip()})")
    left = sorted(path.name for path in pipeline.spool.iterdir() if path.name != "lock")
    if left:
        trouble.append(f"left in the spool: {left}")
    done = Counter(pipeline.noted("done"))
    dead = {payload for state, payload in letters if state in ("dead", "removed")}
    lost = sorted(pipeline.acknowledged - set(done) - dead)
    story = [line for payload in lost[:LEFT] for line in pipeline.wire.told_of(payload)]
    doubled = sum(count > 1 for count in done.values())
    jobs = len(pipeline.acknowledged)
    return Account(faults, jobs, lost, doubled, recovery, trouble, story)


def _is_idle(pipeline: Pipeline) -> bool:
    pipeline.mend()
    try:
        return pipeline.waiting() == 0 and not any(pipeline.spool.glob("*.job"))
    except OSError:
        return False
