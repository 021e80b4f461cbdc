"""All that befell one job, from its first submission to now."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select

from gearmang.dead_letters.store.tables import bodies, dead_letters, events, plan_items, plans


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
