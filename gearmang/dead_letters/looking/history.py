"""Read the event log and the plans."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from gearmang.dead_letters.store.tables import events, plans


def history(
    connection: Connection,
    *,
    who: str | None = None,
    plan: str | None = None,
    job: str | None = None,
    since: float | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Events and plans, newest first.

    Args:
        who: the operator's name, or ``name@host``.
        plan: the first digits of a plan's id.
        job: the first digits of a dead letter's id; its whole lineage is in `gearmang dead show`.
    """
    noted = select(events).order_by(events.c.event.desc()).limit(limit)
    made = select(plans).order_by(plans.c.made_at.desc()).limit(limit)
    if who:
        noted, made = noted.where(_is(events.c.who, who)), made.where(_is(plans.c.who, who))
    if plan:
        noted = noted.where(events.c.plan.startswith(plan.lower(), autoescape=True))
        made = made.where(plans.c.plan.startswith(plan.lower(), autoescape=True))
    if since is not None:
        noted, made = noted.where(events.c.at >= since), made.where(plans.c.made_at >= since)
    if job:
        noted = noted.where(events.c.death_id.startswith(job.lower(), autoescape=True))
    found = [
        {
            "at": row.at,
            "who": row.who,
            "what": row.what,
            "why": row.why,
            "plan": row.plan,
            "id": row.death_id,
            "fingerprint": row.fingerprint,
            "detail": row.detail,
        }
        for row in connection.execute(noted)
    ]
    if not job:
        found += [
            {
                "at": row.made_at,
                "who": row.who,
                "what": f"plan to {row.action}",
                "why": row.why,
                "plan": row.plan,
                "id": None,
                "fingerprint": None,
                "detail": f"{row.letters} letters: {row.chosen_by}; {row.state}",
            }
            for row in connection.execute(made)
        ]
    return sorted(found, key=lambda event: event["at"], reverse=True)[:limit]


def _is(column: Any, who: str) -> Any:
    return column == who if "@" in who else column.startswith(f"{who}@", autoescape=True)
