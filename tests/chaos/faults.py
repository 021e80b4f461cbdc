"""The faults of a chaos run: each is made at once, and most are taken back after a while."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.chaos.pipeline import SLOTS, Pipeline
from tests.chaos.processes import family

End = Callable[[], None]
Fault = Callable[[Pipeline, random.Random], "End | None"]


class NotMade(Exception):
    """There was nothing to make the fault of."""


OWN: Final = ("two slots", "backoff", "spool", "short life", "clock apart", "collector 1")
FEW: Final = 24  # descriptors that a process may have under that fault
WRONG: Final = (-30, -5, 5, 20)  # seconds


def _any(pipeline: Pipeline, dice: random.Random, *, kill: bool = False) -> int:
    """Some process of some part."""
    name, chosen = dice.choice(sorted(pipeline.parts)), dice.random()
    part = pipeline.parts[name]
    if not part.is_running():
        raise NotMade
    all_of_it = family(part.pid)
    pid = part.pid if chosen < 0.5 else all_of_it[int((chosen - 0.5) * 2 * len(all_of_it))]
    if kill and pid == part.pid:
        pipeline.hidden += SLOTS.get(name, 0)
    return pid


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def killed(pipeline: Pipeline, dice: random.Random) -> None:
    _signal(_any(pipeline, dice, kill=True), signal.SIGKILL)


def terminated(pipeline: Pipeline, dice: random.Random) -> None:
    _signal(_any(pipeline, dice), signal.SIGTERM)


def stopped(pipeline: Pipeline, dice: random.Random) -> End:
    pid = _any(pipeline, dice)
    _signal(pid, signal.SIGSTOP)
    return lambda: _signal(pid, signal.SIGCONT)


def _down(pipeline: Pipeline, name: str) -> End:
    pipeline.down.add(name)
    return lambda: pipeline.down.discard(name)


def gearmand_killed(pipeline: Pipeline, _: random.Random) -> End:
    pipeline.gearmand.kill()
    return _down(pipeline, "gearmand")


def gearmand_terminated(pipeline: Pipeline, _: random.Random) -> None:
    if not pipeline.gearmand.is_running():
        raise NotMade
    pipeline.gearmand.stop()


def gearmand_stopped(pipeline: Pipeline, _: random.Random) -> End:
    pid = pipeline.gearmand.pid
    _signal(pid, signal.SIGSTOP)
    return lambda: _signal(pid, signal.SIGCONT)


def cut(pipeline: Pipeline, _: random.Random) -> None:
    pipeline.wire.cut()


def half_closed(pipeline: Pipeline, _: random.Random) -> None:
    pipeline.wire.half_close()


def torn(pipeline: Pipeline, _: random.Random) -> None:
    pipeline.wire.tear()


def frozen(pipeline: Pipeline, _: random.Random) -> End:
    pipeline.wire.freeze()
    return pipeline.wire.thaw


def slow(pipeline: Pipeline, dice: random.Random) -> End:
    pipeline.wire.late = dice.uniform(0.01, 0.3)
    return lambda: setattr(pipeline.wire, "late", 0.0)


def created_3_s_late(pipeline: Pipeline, _: random.Random) -> End:
    pipeline.wire.created_after = 3.0
    return lambda: setattr(pipeline.wire, "created_after", 0.0)


def created_12_s_late(pipeline: Pipeline, _: random.Random) -> End:
    pipeline.wire.created_after = 12.0
    return lambda: setattr(pipeline.wire, "created_after", 0.0)


def store_locked(pipeline: Pipeline, _: random.Random) -> End:
    return pipeline.store.lock()


def store_killed(pipeline: Pipeline, _: random.Random) -> End:
    if pipeline.store.server is None:
        raise NotMade
    pipeline.store.server.kill()
    return _down(pipeline, "store")


def _full(name: str) -> Fault:
    def full(pipeline: Pipeline, _: random.Random) -> End:
        if not pipeline.places[name].is_disk or (name == "store" and pipeline.store.server):
            raise NotMade
        pipeline.places[name].fill()
        return pipeline.places[name].clear

    return full


def maxqueue(pipeline: Pipeline, _: random.Random) -> End:
    def limit(jobs: int) -> None:
        for function in (pipeline.function, "gearmang"):
            with contextlib.suppress(OSError):
                pipeline.gearmand.ask(f"maxqueue {function} {jobs}", 0.5)

    limit(3)
    return lambda: limit(0)


def few_descriptors(pipeline: Pipeline, dice: random.Random) -> End:
    part = pipeline.parts[dice.choice(OWN)]
    if not part.is_running():
        raise NotMade
    pid = part.pid

    def limit(soft: int, pids: list[int]) -> None:
        for one in pids:
            with contextlib.suppress(OSError):
                hard = resource.prlimit(one, resource.RLIMIT_NOFILE)[1]
                resource.prlimit(one, resource.RLIMIT_NOFILE, (min(soft, hard), hard))

    limit(FEW, [pid])
    return lambda: limit(1024, family(pid))


def wrong_clock(pipeline: Pipeline, dice: random.Random) -> End:
    pipeline.clock.set(dice.choice(WRONG))
    return lambda: pipeline.clock.set(0)


def records_renamed(pipeline: Pipeline, dice: random.Random) -> None:
    for path in pipeline.records.glob("*.jsonl"):
        with contextlib.suppress(OSError):
            path.rename(path.with_suffix(f".{dice.randrange(1 << 32):x}.old"))


def records_deleted(pipeline: Pipeline, _: random.Random) -> None:
    """For those who write them; the account has them open."""
    for path in pipeline.records.iterdir():
        with contextlib.suppress(OSError):
            pipeline.deleted.append(path.open("rb"))
            path.unlink()


def _renamed(path: Path) -> End:
    away = path.with_suffix(".away")
    with contextlib.suppress(OSError):
        path.rename(away)

    def back() -> None:
        with contextlib.suppress(OSError):
            if path.is_dir() and away.is_dir():  # made anew meanwhile
                for found in path.iterdir():
                    found.rename(away / found.name)
                path.rmdir()
            away.rename(path)

    return back


def spool_renamed(pipeline: Pipeline, _: random.Random) -> End:
    return _renamed(pipeline.spool)


def spool_lock_deleted(pipeline: Pipeline, _: random.Random) -> None:
    (pipeline.spool / "lock").unlink(missing_ok=True)


def scratch_deleted(pipeline: Pipeline, _: random.Random) -> None:
    for path in pipeline.scratch.iterdir():
        shutil.rmtree(path, ignore_errors=True)


def _operated(*words: str, is_killed: bool = False) -> Fault:
    def operated(pipeline: Pipeline, _: random.Random) -> End | None:
        known = {"ARCHIVE": str(pipeline.archive)}
        started = pipeline.operator.begin(*(known.get(word, word) for word in words))
        return started.kill if is_killed else None

    return operated


def undo_killed(pipeline: Pipeline, dice: random.Random) -> End:
    plan = pipeline.operator.plan(dice)
    if plan is None:
        raise NotMade
    return pipeline.operator.begin("undo", plan).kill


def undone(pipeline: Pipeline, dice: random.Random) -> None:
    undo_killed(pipeline, dice)


def edited(pipeline: Pipeline, dice: random.Random) -> None:
    if not pipeline.operator.edit(dice):
        raise NotMade


_REQUEUE: Final = ("requeue", "--error", "ValueError", "--yes")
_PRUNE: Final = (
    "prune",
    "--max-dead",
    "20",
    "--older-than",
    "20s",
    "--archive",
    "ARCHIVE",
    "--yes",
)

# Each with its weight in a mixed run and the seconds after which it is taken back.
ALL: Final[dict[str, tuple[Fault, int, tuple[float, float]]]] = {
    "process killed": (killed, 3, (0, 0)),
    "process terminated": (terminated, 2, (0, 0)),
    "process stopped": (stopped, 3, (0.2, 1.5)),
    "gearmand killed": (gearmand_killed, 2, (0, 0.5)),
    "gearmand terminated": (gearmand_terminated, 1, (0, 0)),
    "gearmand stopped": (gearmand_stopped, 2, (0.2, 1.5)),
    "connections cut": (cut, 2, (0, 0)),
    "connections half-closed": (half_closed, 2, (0, 0)),
    "packet torn": (torn, 3, (0, 0)),
    "wire frozen": (frozen, 2, (0.2, 1.5)),
    "wire slow": (slow, 2, (0.2, 1.5)),
    "created 3 s late": (created_3_s_late, 2, (0.3, 0.3)),
    "created 12 s late": (created_12_s_late, 2, (0.3, 0.3)),
    "maxqueue": (maxqueue, 2, (0.2, 1)),
    "store locked": (store_locked, 2, (0.2, 1)),
    "store killed": (store_killed, 2, (0, 0.5)),
    "store's disk full": (_full("store"), 2, (0.2, 1.5)),
    "spool's disk full": (_full("spool"), 2, (0.2, 1.5)),
    "records' disk full": (_full("records"), 2, (0.2, 1.5)),
    "few descriptors": (few_descriptors, 2, (0.5, 2)),
    "clock wrong": (wrong_clock, 2, (1, 3)),
    "records renamed": (records_renamed, 1, (0, 0)),
    "records deleted": (records_deleted, 1, (0, 0)),
    "spool renamed": (spool_renamed, 1, (0.1, 0.6)),
    "spool's lock deleted": (spool_lock_deleted, 1, (0, 0)),
    "scratch deleted": (scratch_deleted, 1, (0, 0)),
    "requeue": (_operated(*_REQUEUE), 1, (0, 0)),
    "requeue killed": (_operated(*_REQUEUE, is_killed=True), 1, (0.3, 1.2)),
    "canary": (_operated(*_REQUEUE, "--canary", "1", "--patience", "5s"), 1, (0, 0)),
    "undo": (undone, 1, (0, 0)),
    "undo killed": (undo_killed, 1, (0.3, 1.2)),
    "remove": (_operated("remove", "--error", "Reject", "--yes"), 1, (0, 0)),
    "edit": (edited, 1, (0, 0)),
    "prune": (_operated(*_PRUNE), 1, (0, 0)),
    "prune killed": (_operated(*_PRUNE, is_killed=True), 1, (0.3, 1.2)),
}
