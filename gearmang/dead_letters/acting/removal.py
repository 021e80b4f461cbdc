"""Carry a plan out that needs no gearmand (removing letters, closing them), and take plans back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.mass_editing import take_edits_back
from gearmang.dead_letters.acting.pausing import Reins
from gearmang.dead_letters.acting.recall import recall
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.moves import move, note_handled
from gearmang.dead_letters.store.rows import Plan
from gearmang.dead_letters.store.seam import Store

_BATCH: Final = 2_000  # letters a transaction
_STATE_AFTER: Final = {"remove": "removed", "resolve": "resolved"}


def carry_out(
    store: Store,
    plan: Plan,
    *,
    reins: Reins | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[int, int]:
    """Remove, or close, the dead letters of a plan.

    Each batch is one transaction: killed in between, the plan goes on where it was.

    Returns:
        How many were moved, and how many were no longer dead.

    Raises:
        NotAllowed: the plan is not open, or another process is at it.
        Stopped: the reins said so.
    """
    with plans.carried_out(store, plan):
        return _move(store, plan.plan, _STATE_AFTER[plan.action], reins, progress)


def _move(
    store: Store,
    plan: str,
    after: str,
    reins: Reins | None,
    progress: Callable[[int], None],
) -> tuple[int, int]:
    moved = skipped = 0
    while True:
        if reins is not None:
            reins.hold()
        with store.writing() as connection:
            ids = plans.pending(connection, plan, after=-1, limit=_BATCH)
            if not ids:
                return moved, skipped
            rows = move(connection, ids, "dead", after, plan=plan)
            done = {row.id for row in rows}
            plans.settle(connection, plan, done, after)
            passed = [identity for identity in ids if identity not in done]
            plans.settle(connection, plan, passed, "skipped")
            plans.sign_of_life(connection, plan)
            note_handled(connection, [row.fingerprint for row in rows])
        moved += len(done)
        skipped += len(passed)
        progress(len(ids))


def take_back(
    store: Store, plan: str, before: str, *, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Make the letters that a plan has moved ``dead`` again; return how many."""
    restored, last = 0, -1
    while True:
        with store.writing() as connection:
            ids = plans.pending(connection, plan, after=last, limit=_BATCH, outcome=before)
            if not ids:
                return restored
            rows = move(connection, ids, before, "dead", plan=None)
            plans.settle(connection, plan, [row.id for row in rows], "dead")
        restored, last = restored + len(rows), ids[-1]
        progress(len(ids))


class Undone(NamedTuple):
    """What an undo did.

    Attributes:
        restored: letters that are dead again; of an edit, those with their payload of before.
        kept: letters that stay as they are: their jobs had started, or somebody has requeued,
            removed or edited them since the edit.
    """

    restored: int
    kept: int


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
    with store.reading() as connection:
        row = plans.get(connection, plan)
    if row.state in ("proposed", "undone"):
        raise NotAllowed(f"plan {row.plan} is {row.state}; there is nothing to take back")
    deed, before = f"undo of {row.action}:", ("under way", "stopped", "done")
    with plans.carried_out(store, row, before=before, after="undone", deed=deed, why=why):
        if row.action == "requeue":
            return Undone(*recall(store, row.plan, progress=progress))
        if row.action == "edit":
            return Undone(*take_edits_back(store, row, progress=progress))
        after = _STATE_AFTER[row.action]
        return Undone(take_back(store, row.plan, after, progress=progress), 0)
