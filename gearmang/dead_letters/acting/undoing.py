"""Take a plan back: letters that were removed or closed, and jobs that have not started."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.recall import recall
from gearmang.dead_letters.acting.removal import take_back
from gearmang.dead_letters.looking.events import record
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.seam import Store

_STATE_AFTER = {"remove": "removed", "resolve": "resolved"}


class Undone(NamedTuple):
    """What an undo did.

    Attributes:
        restored: letters that are dead again.
        started: jobs that were running or done already, and stay requeued.
    """

    restored: int
    started: int


def undo(
    store: Store,
    plan: str,
    *,
    why: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Undone:
    """Make the letters of a plan dead again, as far as that can be.

    Raises:
        NotAllowed: nothing was carried out, or another process is at the plan.
    """
    with store.writing() as connection:
        row = plans.get(connection, plan)
        if row.state in ("proposed", "undone"):
            raise NotAllowed(f"plan {row.plan} is {row.state}; there is nothing to take back")
        plans.take(connection, row.plan, ("under way", "stopped", "done"))
    state = "stopped"
    try:
        if row.action == "requeue":
            result = Undone(*recall(store, row.plan, progress=progress))
        else:
            after = _STATE_AFTER[row.action]
            result = Undone(take_back(store, row.plan, after, progress=progress), 0)
        state = "undone"
    finally:
        with store.writing() as connection:
            plans.finish(connection, row.plan, state)
            record(connection, f"undo of {row.action}: {state}", why=why, plan=row.plan)
    return result
