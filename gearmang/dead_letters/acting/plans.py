"""Plans: the exact set of letters that an action is about, frozen before anything is done."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from sqlalchemy import (
    Connection,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
    update,
)

from gearmang.dead_letters.acting.owner import is_alive, this_process
from gearmang.dead_letters.looking.filters import Filter, of_letters
from gearmang.dead_letters.looking.finding import AFTER_ANY_DIGIT, MOST_CANDIDATES, only_one
from gearmang.dead_letters.looking.history import operator, record
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.many import one_of
from gearmang.dead_letters.store.rows import PLAN, Plan
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import dead_letters, plan_items, plans

OPEN: Final = ("proposed", "under way", "stopped")  # states that a plan may be carried out from

_PLAN_DIGITS: Final = 8
_IDS_A_STATEMENT: Final = 500
_LARGE: Final = 5_000  # letters


def propose(
    connection: Connection,
    action: str,
    *,
    ids: Sequence[int] | None = None,
    chosen: Filter | None = None,
    told: str,
    why: str | None,
    function: str | None = None,
    change: str | None = None,
    only_first: int | None = None,
) -> Plan:
    """Write down a plan for the letters with these ids, or for those that a filter chooses now.

    Only letters that are ``dead`` come in. Nothing happens to them yet.

    Args:
        function: that a requeue sends them to; None for each one's own.
        change: what an edit does, as `Change.written` tells it.
        only_first: so many, the oldest.
    """
    plan = secrets.token_hex(_PLAN_DIGITS // 2)
    connection.execute(
        insert(plans).values(
            plan=plan,
            action=action,
            state="proposed",
            who=operator(),
            why=why,
            chosen_by=told,
            made_at=time.time(),
            letters=0,
            function=function,
            change=change,
        )
    )
    source = select(literal(plan), dead_letters.c.id, dead_letters.c.death_id)
    columns = ["plan", "id", "death_id"]
    if ids is not None:
        for start in range(0, len(ids), _IDS_A_STATEMENT):
            some = dead_letters.c.id.in_(ids[start : start + _IDS_A_STATEMENT])
            connection.execute(
                insert(plan_items).from_select(
                    columns, source.where(some, dead_letters.c.state == "dead")
                )
            )
    elif chosen is not None:
        which = source.where(*of_letters(connection, chosen), dead_letters.c.state == "dead")
        # Oldest first, as they will be carried out.
        which = which.order_by(dead_letters.c.id).limit(only_first)
        connection.execute(insert(plan_items).from_select(columns, which))
    number = select(func.count()).select_from(plan_items).where(plan_items.c.plan == plan)
    connection.execute(
        update(plans).where(plans.c.plan == plan).values(letters=number.scalar_subquery())
    )
    made = get(connection, plan)
    if made.letters > _LARGE and connection.dialect.name == "postgresql":
        # Until it has counted them, PostgreSQL takes a plan's letters for a handful, and sorts
        # all of them for each batch.
        connection.execute(text("ANALYZE dead_letter_plan_items"))
    return made


def get(connection: Connection, digits: str) -> Plan:
    """The one plan whose id starts like this.

    Raises:
        NoSuchLetter: none has.
        AmbiguousId: several have; the text lists them.
    """
    start = digits.strip().lower()
    query = (
        select(*PLAN)
        .where(plans.c.plan >= start, plans.c.plan < start + AFTER_ANY_DIGIT)
        .order_by(plans.c.plan)
        .limit(MOST_CANDIDATES + 1)
    )
    return only_one(
        [*map(Plan._make, connection.execute(query))],
        digits,
        kind="plan",
        command="gearmang dead history",
        name=lambda plan: plan.plan,
    )


@contextmanager
def carried_out(
    store: Store,
    plan: Plan,
    *,
    before: Sequence[str] = OPEN,
    after: str = "done",
    deed: str | None = None,
    why: str | None = None,
) -> Iterator[None]:
    """The life of a plan, the one for all actions: taken, carried out in the block, and ended.

    What ends the block with an error leaves the plan ``stopped``: to be gone on with. However it
    ends, the event log tells it.

    Args:
        plan: as `propose` or `get` gave it.
        before: the states that it may be taken from.
        after: its state once the block has come to its end.
        deed: for the event log; by default the plan's action.
        why: for the event log; by default the plan's reason.

    Raises:
        NotAllowed: the plan is in another state, or another process is at it.
    """
    with store.writing() as connection:
        take(connection, plan.plan, before)
    state = "stopped"
    try:
        yield
        state = after
    finally:
        with store.writing() as connection:
            finish(connection, plan.plan, state)
            record(
                connection, f"{deed or plan.action} {state}", why=why or plan.why, plan=plan.plan
            )


def take(connection: Connection, plan: str, before: Sequence[str]) -> None:
    """Make this process the one that carries the plan out.

    Raises:
        NotAllowed: the plan is in none of the states ``before``, or another process is at it.
    """
    row = get(connection, plan)
    now = time.time()
    if row.state not in before:
        raise NotAllowed(f"plan {plan} is {row.state}; make a new one")
    theirs = None if row.owner == this_process() else row.owner
    if theirs and is_alive(theirs, row.owner_seen_at or 0.0, now):
        raise NotAllowed(f"plan {plan} is being carried out by {theirs}")
    taken = connection.execute(
        update(plans)
        .where(
            plans.c.plan == plan,
            plans.c.state == row.state,
            plans.c.owner.is_not_distinct_from(row.owner),
        )
        .values(state="under way", owner=this_process(), owner_seen_at=now, paused_by=None)
    )
    if taken.rowcount != 1:
        raise NotAllowed(f"plan {plan} has just been taken by another process")


def sign_of_life(connection: Connection, plan: str) -> None:
    """Show others that the plan's owner is at work."""
    connection.execute(update(plans).where(plans.c.plan == plan).values(owner_seen_at=time.time()))


def note_rate(connection: Connection, plan: str, rate: float | None) -> None:
    """Write down how many letters a second the plan's owner does at most."""
    connection.execute(update(plans).where(plans.c.plan == plan).values(rate=rate))


def finish(connection: Connection, plan: str, state: str) -> None:
    """The plan has come to an end for now: ``done``, ``stopped``, ``undone``."""
    ended = update(plans).where(plans.c.plan == plan)
    connection.execute(ended.values(state=state, owner=None, paused_by=None))


def pending(
    connection: Connection, plan: str, *, after: int, limit: int, outcome: str | None = None
) -> list[int]:
    """The next letters of the plan in its order, with that outcome so far."""
    return [
        *connection.scalars(
            select(plan_items.c.id)
            .where(
                plan_items.c.plan == plan,
                plan_items.c.id > after,
                plan_items.c.outcome.is_(None)
                if outcome is None
                else plan_items.c.outcome == outcome,
            )
            .order_by(plan_items.c.id)
            .limit(limit)
        )
    ]


def requeued_before(connection: Connection, plan: Plan, death_ids: Sequence[str]) -> dict[str, int]:
    """How many earlier plans were to requeue each of these letters; 0 where it is not told."""
    earlier = (
        select(plan_items.c.death_id, func.count())
        .join(plans, plans.c.plan == plan_items.c.plan)
        .where(
            plan_items.c.death_id.in_(death_ids),
            plans.c.action == "requeue",
            tuple_(plans.c.made_at, plans.c.plan) < tuple_(plan.made_at, plan.plan),
        )
        .group_by(plan_items.c.death_id)
    )
    return {death_id: int(number) for death_id, number in connection.execute(earlier)}


def settle(
    connection: Connection,
    plan: str,
    ids: Iterable[int],
    outcome: str | None,
    server: str | None = None,
) -> None:
    """Write down what became of these letters of the plan; None: nothing yet."""
    if chosen := [*ids]:
        connection.execute(
            update(plan_items)
            .where(plan_items.c.plan == plan, one_of(connection, plan_items.c.id, chosen))
            .values(outcome=outcome, server=server, at=time.time())
        )


class Share(NamedTuple):
    """How many letters of a plan have one cause."""

    fingerprint: str
    function: str
    error_type: str
    letters: int


def causes_of(connection: Connection, plan: str, limit: int = 10) -> list[Share]:
    """The causes of the plan's letters, the one with the most first."""
    cause = (dead_letters.c.fingerprint, dead_letters.c.function, dead_letters.c.error_type)
    number = func.count()
    rows = connection.execute(
        select(*cause, number)
        .join(plan_items, plan_items.c.id == dead_letters.c.id)
        .where(plan_items.c.plan == plan)
        .group_by(*cause)
        .order_by(number.desc())
        .limit(limit)
    )
    return [*map(Share._make, rows)]
