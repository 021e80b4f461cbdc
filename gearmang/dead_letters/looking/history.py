"""Who did what, when and why: the event log, the plans, and all that befell one job."""

from __future__ import annotations

import os
import pwd
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, insert, select

from gearmang.dead_letters.store.rows import PLAN, Plan
from gearmang.dead_letters.store.tables import bodies, dead_letters, events, plan_items, plans

_OPERATOR: ContextVar[str | None] = ContextVar("operator", default=None)


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    """In this block, and in this thread, somebody else is at work: who asked a page for it."""
    token = _OPERATOR.set(name)
    try:
        yield
    finally:
        _OPERATOR.reset(token)


def operator() -> str:
    """Who is at work: ``user@host``; with sudo, the user who called it."""
    named = _OPERATOR.get()
    if named is not None:
        return named
    uid = os.getuid()
    name = os.environ.get("SUDO_USER") if uid == 0 else None
    if not name:
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:  # a container that runs as a bare number
            name = str(uid)
    return f"{name}@{socket.gethostname()}"


def record(connection: Connection, what: str, *, why: str | None = None, **told: Any) -> None:
    """Add one event, in the transaction of what it tells of.

    Args:
        what: one word or two: ``requeued``, ``removed``, ``edited``.
        why: the operator's reason.
        told: the columns plan, death_id, fingerprint, detail, payload, as far as they apply.
    """
    connection.execute(
        insert(events).values(at=time.time(), who=operator(), what=what, why=why, **told)
    )


class Event(NamedTuple):
    """Something that somebody did.

    Attributes:
        at: in seconds since the epoch.
        what: ``requeued``, ``removed``, ``edited``, ``plan to requeue`` …
        why: the operator's reason.
        id: of the dead letter that it befell, where it was one.
        detail: the rest, for people.
    """

    at: float
    who: str
    what: str
    why: str | None
    plan: str | None
    id: str | None
    fingerprint: str | None
    detail: str | None


_EVENT: Final = (
    *(events.c.at, events.c.who, events.c.what, events.c.why),
    *(events.c.plan, events.c.death_id, events.c.fingerprint, events.c.detail),
)


def history(
    connection: Connection,
    *,
    who: str | None = None,
    plan: str | None = None,
    job: str | None = None,
    since: float | None = None,
    limit: int = 50,
) -> list[Event]:
    """Events and plans, newest first.

    Args:
        who: the operator's name, or ``name@host``.
        plan: the first digits of a plan's id.
        job: the first digits of a dead letter's id; its whole lineage is in `gearmang dead show`.
    """
    noted = select(*_EVENT).order_by(events.c.event.desc()).limit(limit)
    made = select(*PLAN).order_by(plans.c.made_at.desc()).limit(limit)
    if who:
        noted, made = noted.where(_is(events.c.who, who)), made.where(_is(plans.c.who, who))
    if plan:
        noted = noted.where(events.c.plan.startswith(plan.lower(), autoescape=True))
        made = made.where(plans.c.plan.startswith(plan.lower(), autoescape=True))
    if since is not None:
        noted, made = noted.where(events.c.at >= since), made.where(plans.c.made_at >= since)
    if job:
        noted = noted.where(events.c.death_id.startswith(job.lower(), autoescape=True))
    found = [*map(Event._make, connection.execute(noted))]
    if not job:
        found += map(_made, map(Plan._make, connection.execute(made)))
    return sorted(found, key=lambda event: event.at, reverse=True)[:limit]


def _made(plan: Plan) -> Event:
    """The making of a plan, as an event."""
    detail = f"{plan.letters} letters: {plan.chosen_by}; {plan.state}"
    what = f"plan to {plan.action}"
    return Event(plan.made_at, plan.who, what, plan.why, plan.plan, None, None, detail)


def _is(column: ColumnElement[str], who: str) -> ColumnElement[bool]:
    return column == who if "@" in who else column.startswith(f"{who}@", autoescape=True)


class Step(NamedTuple):
    """One thing that happened to a job.

    Attributes:
        at: when, in seconds since the epoch; None where nobody knows.
        what: ``submitted``, ``attempt failed``, ``died``, ``requeued``, ``edited`` …
        detail: the rest, for people.
        who: the operator, for what a person did.
        plan: the plan that it was part of.
    """

    at: float | None
    what: str
    detail: str = ""
    who: str | None = None
    plan: str | None = None


def lineage(connection: Connection, job_id: str) -> list[Step]:
    """The steps of a job in the order of time."""
    deaths = connection.execute(
        select(dead_letters, bodies.c.history)
        .join(bodies, bodies.c.id == dead_letters.c.id)
        .where(dead_letters.c.death_id >= job_id, dead_letters.c.death_id < job_id + "~")
        .order_by(dead_letters.c.id)
    ).all()
    steps: list[Step] = []
    if deaths and deaths[0].enqueued_at is not None:
        steps.append(Step(deaths[0].enqueued_at, "submitted", f"to {deaths[0].function}"))
    attempts: dict[str, Step] = {}
    for death in deaths:
        for dossier in orjson.loads(death.history):
            # A second death brings the dossiers of the first along.
            attempts.setdefault(orjson.dumps(dossier).decode(), _attempt(dossier))
        steps.append(
            Step(death.stored_at, "died", f"{death.error_type} ({death.death_id}), stored")
        )
    steps += attempts.values()
    ids = [death.death_id for death in deaths]
    steps += _actions(connection, ids)
    return sorted(steps, key=lambda step: step.at or 0.0)


def _attempt(dossier: dict[str, Any]) -> Step:
    started = dossier.get("started_at")
    outcome = str(dossier.get("outcome", "failure")).replace("_", " ")
    worker = dossier.get("worker")
    return Step(
        started if isinstance(started, int | float) else None,
        f"attempt {dossier.get('attempt', '?')} {outcome}",
        f"{dossier.get('error_type', '')}" + (f" on {worker}" if worker else ""),
    )


def _actions(connection: Connection, death_ids: list[str]) -> list[Step]:
    planned = connection.execute(
        select(plan_items, plans.c.who, plans.c.why, plans.c.function)
        .join(plans, plans.c.plan == plan_items.c.plan)
        .where(plan_items.c.death_id.in_(death_ids), plan_items.c.outcome.is_not(None))
    )
    steps = [
        Step(
            row.at,
            row.outcome,
            " ".join(
                part
                for part in (
                    f"to {row.function}" if row.function else "",
                    f"on {row.server}" if row.server else "",
                    f"({row.why})" if row.why else "",
                )
                if part
            ),
            row.who,
            row.plan,
        )
        for row in planned
    ]
    noted = connection.execute(select(events).where(events.c.death_id.in_(death_ids)))
    steps += [
        Step(row.at, row.what, row.detail or row.why or "", row.who, row.plan) for row in noted
    ]
    return steps
