"""A careful requeue: a few letters first, twice as many while they succeed, none after a death."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import and_, or_, select

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.pausing import Reins
from gearmang.dead_letters.acting.requeue import requeue
from gearmang.dead_letters.looking.browse import delivery_of
from gearmang.dead_letters.store.moves import move
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import dead_letters
from gearmang.job.client import Client
from gearmang.protocol import AdminClient
from gearmang.protocol.key import JobKey
from gearmang.protocol.server import Server

_LOOK: Final = 0.5  # seconds between two looks at gearmand and the store
_LOOKS_WITHOUT: Final = 2  # in a row, until a job that is gone counts as done: it may change server
_DEATH: Final = re.compile(r"([0-9a-f]{32})-[0-9]+")  # the key of a letter under way to the store
_JOBS_A_STATEMENT: Final = 200
_ADMIN_TIMEOUT: Final = 5.0  # seconds


class Stage(NamedTuple):
    """One step of the course.

    Attributes:
        released: letters that were sent back.
        succeeded, died: what became of them.
        unsettled: jobs that were still queued or running when the patience ran out.
        seconds: how long it took.
    """

    released: int
    succeeded: int
    died: int
    unsettled: int
    seconds: float

    @property
    def is_good(self) -> bool:
        return not self.died and not self.unsettled


def canary(
    store: Store,
    client: Client,
    servers: Sequence[Server],
    plan: str,
    *,
    first: int,
    patience: float,
    told: Callable[[Stage], None],
    reins: Reins | None = None,
) -> list[Stage]:
    """Requeue a plan in stages of ``first``, twice that, and so on, until a job dies again.

    What a stage's jobs come to is read from the lineage: a job has died again when the collector
    has stored another death of it, and it has succeeded when no gearmand has a job of its id any
    more, waiting, running or on its way to the dead letters, and no death is stored. Letters whose
    jobs have succeeded become ``resolved``.

    Args:
        servers: all gearmands that the job's attempts may be queued at.
        patience: seconds that a stage may take.
        told: is told each stage as it ends.
        reins: may hold it up between two stages.

    Raises:
        Stopped: the reins said so; letters whose jobs were not seen to end stay ``requeued``.
    """
    reins = reins or Reins(store, plan)
    stages: list[Stage] = []
    size = first
    while not stages or stages[-1].is_good:
        reins.hold()  # before the clock of the stage
        started = time.monotonic()
        released = requeue(store, client, plan, only=size, reins=reins)
        if not released.ids:
            break
        died, unsettled = _outcome(store, servers, plan, released.ids, started + patience, reins)
        done = set(released.ids) - died - unsettled
        with store.writing() as connection:
            move(connection, sorted(done), "requeued", "resolved", plan=plan)
            plans.settle(connection, plan, sorted(done), "succeeded")
        stage = Stage(
            len(released.ids), len(done), len(died), len(unsettled), time.monotonic() - started
        )
        stages.append(stage)
        told(stage)
        size *= 2
    return stages


def _outcome(
    store: Store,
    servers: Sequence[Server],
    plan: str,
    ids: Sequence[int],
    deadline: float,
    reins: Reins,
) -> tuple[set[int], set[int]]:
    """Which letters died again, and which were undecided at the deadline."""
    with store.reading() as connection:
        rows = connection.execute(
            select(dead_letters.c.id, dead_letters.c.death_id).where(dead_letters.c.id.in_(ids))
        )
        released = {row.id: _parts(row.death_id) for row in rows}
    letters = {job: identity for identity, (job, _) in released.items()}
    deliveries = dict(released.values())
    looks: dict[str, int] = dict.fromkeys(letters, 0)
    died: set[int] = set()
    while looks:
        # gearmand first: a job that is gone from there by now has its death, if it died, stored.
        present = _jobs_in(servers)
        for job_id in _died(store, deliveries, [*looks]):
            died.add(letters[job_id])
            del looks[job_id]
        for job_id in [*looks]:
            looks[job_id] = 0 if job_id in present else looks[job_id] + 1
            if looks[job_id] >= _LOOKS_WITHOUT:
                del looks[job_id]
        with store.writing() as connection:
            plans.sign_of_life(connection, plan)
        if died or not looks:
            break
        if time.monotonic() > deadline:
            break
        reins.wait(_LOOK)
    return died, {letters[job_id] for job_id in looks}


def _jobs_in(servers: Sequence[Server]) -> set[str]:
    """The ids of all jobs that these gearmands have, as their unique keys tell them."""
    found: set[str] = set()
    for server in servers:
        with AdminClient(*server, timeout=_ADMIN_TIMEOUT) as admin:
            found.update(filter(None, map(_job_of, admin.unique_jobs())))
    return found


def _job_of(unique: str) -> str | None:
    """The id of our job that has this unique key, or whose dead letter has it; else None."""
    if death := _DEATH.fullmatch(unique):
        return death[1]
    key = JobKey.parse(unique)
    return None if key is None else key.job_id


def _died(store: Store, deliveries: dict[str, int], jobs: Sequence[str]) -> set[str]:
    """Those of the jobs that have another death than the one they were requeued from."""
    died: set[str] = set()
    with store.reading() as connection:
        for start in range(0, len(jobs), _JOBS_A_STATEMENT):
            some = jobs[start : start + _JOBS_A_STATEMENT]
            # As ranges, for which the unique index of deaths serves.
            death = dead_letters.c.death_id
            of_jobs = or_(*(and_(death > job, death < f"{job}~") for job in some))
            died.update(connection.scalars(select(dead_letters.c.death_id).where(of_jobs)))
    return {job for job, number in map(_parts, died) if number > deliveries[job]}


def _parts(death_id: str) -> tuple[str, int]:
    return death_id.rpartition("-")[0], delivery_of(death_id)
