"""Change the payloads of as many letters as a plan has, and take that back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.changing import Change
from gearmang.dead_letters.acting.editing import Edited, as_edited, contents, difference, write
from gearmang.dead_letters.acting.pausing import Reins
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.rows import Plan
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import events, plan_items

SAMPLES: Final = 3  # differences that a plan shows before it is carried out
_BATCH: Final = 200  # letters a transaction: two payloads of each are in memory
_LOOKED_AT: Final = 200  # letters of a plan that are tried for samples


class Glimpse(NamedTuple):
    """What a plan would do to one letter: the difference, or why nothing can be done to it."""

    death_id: str
    difference: str
    refused: str | None = None


def samples(connection: Connection, plan: Plan) -> list[Glimpse]:
    """What a plan to edit would do to the first letters that it changes, or cannot change.

    Raises:
        NotAllowed: its change can be done to no letter.
    """
    changed: list[Glimpse] = []
    refused: list[Glimpse] = []
    change = Change.read(plan.change).changer()
    ids = plans.pending(connection, plan.plan, after=-1, limit=_LOOKED_AT)
    for row in contents(connection, ids):
        try:
            after = change(row.payload)
        except NotAllowed as error:
            refused.append(Glimpse(row.death_id, "", str(error)))
            continue
        if after != row.payload:
            changed.append(Glimpse(row.death_id, difference(row.payload, after)))
        if len(changed) == SAMPLES:
            break
    return changed + refused[:1]


class Changed(NamedTuple):
    """What a run did.

    Attributes:
        edited: letters with another payload.
        unchanged: letters whose payload stays what it was.
        skipped: letters that were no longer dead when their turn came.
        unfit: letters that the change cannot be done to; they stay as they are.
        reason: why, of the first of them.
    """

    edited: int = 0
    unchanged: int = 0
    skipped: int = 0
    unfit: int = 0
    reason: str = ""

    @property
    def letters(self) -> int:
        return self.edited + self.unchanged + self.skipped + self.unfit

    def and_then(self, other: Changed) -> Changed:
        """Both together."""
        return Changed(
            self.edited + other.edited,
            self.unchanged + other.unchanged,
            self.skipped + other.skipped,
            self.unfit + other.unfit,
            self.reason or other.reason,
        )


def edit_letters(
    store: Store,
    plan: Plan,
    *,
    reins: Reins | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Changed:
    """Carry a plan out that changes payloads.

    Each batch is one transaction: killed in between, the plan goes on where it was.

    Raises:
        NotAllowed: the plan is not open, or another process is at it.
        Stopped: the reins said so.
    """
    change = Change.read(plan.change)
    changer, told = change.changer(), change.told()
    done = Changed()
    with plans.carried_out(store, plan):
        while True:
            if reins is not None:
                reins.hold()
            batch = _edit_some(store, plan, changer, told)
            if batch is None:
                return done
            done = done.and_then(batch)
            progress(batch.letters)


def _edit_some(
    store: Store, plan: Plan, change: Callable[[bytes], bytes], told: str
) -> Changed | None:
    """One batch; None when there are no more."""
    edited: list[Edited] = []
    unchanged, unfit, reason = [], [], ""
    with store.writing() as connection:
        ids = plans.pending(connection, plan.plan, after=-1, limit=_BATCH)
        if not ids:
            return None
        for row in contents(connection, ids):
            before = row.payload
            try:
                after = change(before)
            except NotAllowed as error:
                unfit.append(row.id)
                reason = reason or f"{row.death_id}: {error}"
                continue
            if after == before:
                unchanged.append(row.id)
            else:
                edited.append(as_edited(row, after, told))
        write(connection, edited, why=plan.why, plan=plan.plan)
        outcomes = {
            "edited": [change.id for change in edited], "unchanged": unchanged, "unfit": unfit
        }  # fmt: skip
        outcomes["skipped"] = sorted(set(ids).difference(*outcomes.values()))
        for outcome, of_these in outcomes.items():
            plans.settle(connection, plan.plan, of_these, outcome)
        plans.sign_of_life(connection, plan.plan)
    return Changed(len(edited), len(unchanged), len(outcomes["skipped"]), len(unfit), reason)


def take_edits_back(
    store: Store,
    plan: Plan,
    *,
    reins: Reins | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[int, int]:
    """Give the letters that a plan has edited the payloads that they had before it.

    Returns:
        How many have it again, and how many were requeued, removed or edited again since then and
        stay as they are.
    """
    restored = kept = 0
    last = -1
    while True:
        if reins is not None:
            reins.hold()
        with store.writing() as connection:
            ids = plans.pending(connection, plan.plan, after=last, limit=_BATCH, outcome="edited")
            if not ids:
                return restored, kept
            before = _before(connection, plan.plan, ids)
            back = [
                as_edited(row, before[row.death_id], "an edit was taken back")
                for row in contents(connection, ids)
                if row.death_id in before
            ]
            write(connection, back, why=plan.why, plan=plan.plan, what="edit undone")
            plans.settle(connection, plan.plan, [change.id for change in back], "restored")
        restored, kept, last = restored + len(back), kept + len(ids) - len(back), ids[-1]
        progress(len(ids))


def _before(connection: Connection, plan: str, ids: Sequence[int]) -> dict[str, bytes]:
    """What letters held before the plan changed them, where nobody has changed them since."""
    names = select(plan_items.c.death_id).where(plan_items.c.plan == plan, plan_items.c.id.in_(ids))
    latest = (
        select(func.max(events.c.event))
        .where(events.c.death_id.in_(names), events.c.payload.is_not(None))
        .group_by(events.c.death_id)
    )
    rows = connection.execute(
        select(events.c.death_id, events.c.payload).where(
            events.c.event.in_(latest), events.c.plan == plan, events.c.what == "edited"
        )
    )
    return {row.death_id: row.payload for row in rows}
