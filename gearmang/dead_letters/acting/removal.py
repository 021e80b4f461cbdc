"""Carry a plan out that needs no gearmand: removing letters, closing them, and taking that back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.store.moves import move, note_handled
from gearmang.dead_letters.store.seam import Store

_BATCH: Final = 2_000  # letters a transaction


def carry_out(
    store: Store, plan: str, after: str, *, progress: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """Move the dead letters of a plan to the state ``removed`` or ``resolved``.

    Each batch is one transaction: killed in between, the plan goes on where it was.

    Returns:
        How many were moved, and how many were no longer dead.
    """
    moved = skipped = 0
    while True:
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
