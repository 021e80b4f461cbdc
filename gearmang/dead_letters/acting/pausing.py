"""Hold up what is being carried out, from another terminal, and let it go on; see how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select, update

from gearmang.dead_letters.acting.owner import is_alive
from gearmang.dead_letters.acting.plans import get, sign_of_life
from gearmang.dead_letters.looking.history import operator, record
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import plan_items, plans
from gearmang.errors import GearmangError

_LOOK: Final = 0.5  # seconds between two looks at whether a paused plan may go on
_SIGN: Final = 10.0  # seconds between two signs of life while it is paused


class Stopped(GearmangError):
    """Whoever carries a plan out was asked to end; the plan can be gone on with."""


class Standing(NamedTuple):
    """How far a plan is.

    Attributes:
        state: the plan's, or ``paused``, or ``cut off`` where its process is gone.
        done: letters that have met their end in it, whatever it was.
        outcomes: how many have met which.
        rate: the most letters a second that it may do, where that was said.
        paused_by: who holds it up.
    """

    plan: str
    action: str
    state: str
    who: str
    why: str | None
    chosen_by: str
    made_at: float
    letters: int
    done: int
    outcomes: dict[str, int]
    rate: float | None
    owner: str | None
    paused_by: str | None

    @property
    def left(self) -> int:
        return self.letters - self.done


def standing(connection: Connection, digits: str) -> Standing:
    """How far the plan is whose id starts like this.

    Raises:
        NoSuchLetter, AmbiguousId: none does, or several do.
    """
    return _standings(connection, [get(connection, digits).plan])[0]


def standings(
    connection: Connection, *, limit: int = 20, open_only: bool = False
) -> list[Standing]:
    """The plans that were made last, newest first; those that are not at an end, if asked so."""
    newest = select(plans.c.plan).order_by(plans.c.made_at.desc(), plans.c.plan).limit(limit)
    if open_only:
        newest = newest.where(plans.c.state.in_(("under way", "stopped")))
    return _standings(connection, [*connection.scalars(newest)])


def _standings(connection: Connection, names: list[str]) -> list[Standing]:
    counted = (
        select(plan_items.c.plan, plan_items.c.outcome, func.count().label("letters"))
        .where(plan_items.c.plan.in_(names), plan_items.c.outcome.is_not(None))
        .group_by(plan_items.c.plan, plan_items.c.outcome)
    )
    outcomes: dict[str, dict[str, int]] = {name: {} for name in names}
    for row in connection.execute(counted):
        outcomes[row.plan][row.outcome] = row.letters
    now = time.time()
    found = {}
    for row in connection.execute(select(plans).where(plans.c.plan.in_(names))):
        state = row.state
        if state == "under way":
            if row.owner is None or not is_alive(row.owner, row.owner_seen_at, now):
                state = "cut off"
            elif row.paused_by is not None:
                state = "paused"
        found[row.plan] = Standing(
            plan=row.plan,
            action=row.action,
            state=state,
            who=row.who,
            why=row.why,
            chosen_by=row.chosen_by,
            made_at=row.made_at,
            letters=row.letters,
            done=sum(outcomes[row.plan].values()),
            outcomes=outcomes[row.plan],
            rate=row.rate,
            owner=row.owner,
            paused_by=row.paused_by,
        )
    return [found[name] for name in names]


def pause(connection: Connection, digits: str, *, why: str | None = None) -> Standing:
    """Hold a plan up after the letters that are at hand.

    Raises:
        NotAllowed: nobody is carrying it out, or it is paused already.
    """
    found = standing(connection, digits)
    if found.state == "paused":
        raise NotAllowed(f"plan {found.plan} is paused already, by {found.paused_by}")
    if found.state != "under way":
        raise NotAllowed(f"plan {found.plan} is {found.state}; only what is under way is paused")
    _hold(connection, found.plan, operator(), "paused", why)
    return standing(connection, found.plan)


def resume(connection: Connection, digits: str, *, why: str | None = None) -> Standing:
    """Let a paused plan go on.

    Raises:
        NotAllowed: it is not paused; where it only stopped, it is told how to go on with it.
    """
    found = standing(connection, digits)
    if found.state in ("stopped", "cut off"):
        raise NotAllowed(
            f"plan {found.plan} is {found.state}, nobody is at it; "
            f"`gearmang dead {found.action} --plan {found.plan} --yes` goes on with it"
        )
    if found.state != "paused":
        raise NotAllowed(f"plan {found.plan} is {found.state}, not paused")
    _hold(connection, found.plan, None, "resumed", why)
    return standing(connection, found.plan)


def _hold(connection: Connection, plan: str, by: str | None, what: str, why: str | None) -> None:
    connection.execute(update(plans).where(plans.c.plan == plan).values(paused_by=by))
    record(connection, what, why=why, plan=plan)


class Reins:
    """What whoever carries a plan out asks between two batches: may it go on?

    Args:
        stop: is set by whoever wants the run to end.
        told: is told, in one line, that the plan is paused, and that it goes on.
    """

    def __init__(
        self,
        store: Store,
        plan: str,
        *,
        stop: threading.Event | None = None,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._plan = plan
        self._stop = stop or threading.Event()
        self._told = told

    def hold(self) -> float:
        """Wait as long as the plan is paused; return the seconds that it took.

        Raises:
            Stopped: the run is to end.
        """
        began = time.monotonic()
        signed = began
        waited = False
        while True:
            self.wait(0.0)
            with self._store.reading() as connection:
                query = select(plans.c.paused_by).where(plans.c.plan == self._plan)
                paused_by = connection.execute(query).scalar_one()
            if paused_by is None:
                if waited:
                    self._told(f"plan {self._plan} goes on")
                return time.monotonic() - began if waited else 0.0
            if not waited:
                self._told(
                    f"paused by {paused_by}; `gearmang dead resume {self._plan}` lets it go on"
                )
            waited = True
            if time.monotonic() - signed > _SIGN:
                signed = time.monotonic()
                with self._store.writing() as connection:
                    sign_of_life(connection, self._plan)
            self.wait(_LOOK)

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than until the run is to end.

        Raises:
            Stopped: it is.
        """
        if self._stop.wait(seconds):
            raise Stopped(f"plan {self._plan} was stopped")
