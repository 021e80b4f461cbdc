"""Complete what a killed run has left half done, before anything new is begun."""

from __future__ import annotations

import time

from sqlalchemy import select

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.owner import is_alive, this_process
from gearmang.dead_letters.acting.recall import complete_recall
from gearmang.dead_letters.acting.requeue import DEFAULT_BATCH, submit, within_budget
from gearmang.dead_letters.looking.history import record
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.rows import LETTER, PLAN, DeadLetter, Plan
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import UNDER_WAY, dead_letters
from gearmang.dead_letters.store.tables import plans as plans_table
from gearmang.job.client import Client


def complete_interrupted(store: Store, client: Client) -> int:
    """Bring letters that are ``requeuing`` or ``recalling`` to an end, where nobody else does.

    Returns:
        How many letters there were.
    """
    completed = 0
    for plan in _orphans(store):
        try:
            with store.writing() as connection:
                plans.take(connection, plan, ("under way", "stopped", "done", "undone"))
        except NotAllowed:  # another run was quicker
            continue
        try:
            while stuck := _stuck(store, plan):
                some = within_budget(stuck)
                submit(store, client, plan, some)
                completed += len(some)
            completed += complete_recall(store, plan)
        except BaseException:
            # Let go of: a process that lives on, such as a collector, would own it for ever.
            with store.writing() as connection:
                plans.finish(connection, plan, "stopped")
            raise
        with store.writing() as connection:
            left = plans.pending(connection, plan, after=-1, limit=1)
            plans.finish(connection, plan, "stopped" if left else "done")
            record(connection, "completed after an interruption", plan=plan)
    return completed


def _orphans(store: Store) -> list[str]:
    """The plans with letters under way that no living process is at.

    One of this process's own is one that it could not let go of: none asks while it is at one.
    """
    now = time.time()
    query = (
        select(*PLAN)
        .join(dead_letters, dead_letters.c.plan == plans_table.c.plan)
        .where(dead_letters.c.state.in_(UNDER_WAY))
        .distinct()
    )
    with store.reading() as connection:
        found = [*map(Plan._make, connection.execute(query))]
    return [
        plan.plan
        for plan in found
        if plan.owner in (None, this_process())
        or not is_alive(plan.owner, plan.owner_seen_at or 0.0, now)
    ]


def _stuck(store: Store, plan: str) -> list[DeadLetter]:
    query = (
        select(*LETTER)
        .where(dead_letters.c.state == "requeuing", dead_letters.c.plan == plan)
        .order_by(dead_letters.c.id)
        .limit(DEFAULT_BATCH)
    )
    with store.reading() as connection:
        return [*map(DeadLetter._make, connection.execute(query))]
