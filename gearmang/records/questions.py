"""What people ask of records, each as one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from gearmang.job.dossier import Dossier
from gearmang.job.fingerprint import fingerprint
from gearmang.records.attempts import FAILED, WEIGHT
from gearmang.records.database import Database, Rows
from gearmang.records.selection import Selection, text_of
from gearmang.records.tables import COLUMNS

_CALLS = 'regexp_extract_all(error_stack, \'File "[^"]*", line [0-9]+, in [^\\n]+\')'
_OTHERS = "'/site-packages/|/dist-packages/|/lib/python3|/gearmang/worker/|/log_shipping/|\"<'"
# The user's own calls where there are any, as folder/file.py:function: no line numbers, which
# change with every edit of a file, and no whole paths, which differ from host to host.
_FRAMES = f"""
    list_transform(
        coalesce(
            nullif(list_filter({_CALLS}, lambda call: NOT regexp_matches(call, {_OTHERS})), []),
            {_CALLS}
        ),
        lambda call: regexp_replace(
            call, '^File ".*?((?:[^/"]+/){{0,2}}[^/"]+)", line [0-9]+, in (.*)$', '\\1:\\2'
        )
    )
"""
# Our workers write the fingerprint that the dead letter of this failure has, as a field.
_WRITTEN = """
    nullif(regexp_extract(json_extract_string(fields, '$.fingerprint'), '^[0-9a-f]{12}$'), '')
"""


def slowest(database: Database, selection: Selection, count: int) -> Rows:
    """The tasks that took longest."""
    condition, values = selection.condition()
    return database.ask(
        f"""
        SELECT ts, task, duration_ms, outcome, attempt, queue_ms, host, id
        FROM tasks WHERE {condition}
        ORDER BY duration_ms DESC, ts, event_id LIMIT {count:d}
        """,  # noqa: S608  # built of our own names; every value is bound
        values,
    )


def failures(database: Database, selection: Selection) -> Rows:
    """Failed attempts by cause; with a type, failed records of that type.

    The fingerprint is the one of ``gearmang dead groups``: our workers write it; for records of
    other workers it is made of what can be told of the user's frames from the stack.
    """
    condition, values = selection.condition()
    found = database.ask(
        f"""
        SELECT {_WRITTEN} AS fingerprint, task, error_type, {_FRAMES} AS frames,
               sum({WEIGHT}) AS count, min(ts) AS first, max(ts) AS last,
               arg_max(error_message, ts) AS last_message, arg_max(id, ts) AS last_id
        FROM {"tasks" if selection.type is None else "records"}
        WHERE {FAILED} AND {condition}
        GROUP BY ALL
        """,  # noqa: S608  # built of our own names; every value is bound
        values,
    )
    causes: dict[str, list[dict[str, Any]]] = {}
    for row in found.as_dicts():
        causes.setdefault(row["fingerprint"] or _made_of(row), []).append(row)
    rows = [_cause(digits, alike) for digits, alike in causes.items()]
    rows.sort(key=lambda row: (-row[1], -_seconds(row[7]), row[0]))
    return Rows(CAUSE, rows)


CAUSE = (
    *("fingerprint", "count", "task", "error_type", "last_message", "where"),
    *("first", "last", "last_id"),
)


def _made_of(row: Mapping[str, Any]) -> str:
    frames = tuple(row["frames"] or ())
    dossier = Dossier(outcome="failure", error_type=row["error_type"] or "", frames=frames)
    return fingerprint(row["task"] or "", dossier)


def _cause(digits: str, alike: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    newest = max(alike, key=lambda row: _seconds(row["last"]))
    times = [row["first"] for row in alike if row["first"] is not None]
    return (
        digits,
        round(sum(row["count"] for row in alike)),
        newest["task"],
        newest["error_type"],
        newest["last_message"],
        newest["frames"][-1] if newest["frames"] else None,
        min(times, default=None),
        newest["last"],
        newest["last_id"],
    )


def _seconds(at: datetime | None) -> float:
    return at.replace(tzinfo=timezone.utc).timestamp() if at else 0.0


def trace(database: Database, tree: str, since: datetime | None = None) -> Rows:
    """All records of one id, or of the ids that start so, in the order of their start.

    Only those are merged; the view ``records`` would merge everything first.
    """
    condition, values = Selection((), since).condition()
    merged = ", ".join(f"any_value({name}) AS {name}" for name in COLUMNS if name != "event_id")
    return database.ask(
        f"""
        SELECT event_id, {merged} FROM (
            SELECT * FROM lines WHERE starts_with(id, ?) AND event_id IS NOT NULL AND {condition}
        )
        GROUP BY event_id ORDER BY id, ts, event_id
        """,  # noqa: S608  # built of our own names; every value is bound
        [tree.lower(), *values],
    )


def busiest(database: Database, selection: Selection, by: str) -> Rows:
    """Who uses the time: the sum of durations by a field, and its share of all."""
    group, group_values = text_of(by)
    condition, values = selection.condition()
    name = by.replace('"', "")
    return database.ask(
        f"""
        WITH chosen AS (
            SELECT {group} AS "{name}", duration_ms * {WEIGHT} AS ms,
                   {WEIGHT} AS weight, ts
            FROM {"records" if by == "type" else "tasks"}
            WHERE {condition} AND isfinite(duration_ms)
        ),
        span AS (
            SELECT greatest(epoch(max(ts) - min(ts)), 1) AS seconds, sum(ms) AS all_ms FROM chosen
        )
        SELECT "{name}",
               round(sum(ms) / 1000, 3) AS busy_seconds,
               round(100 * sum(ms) / any_value(all_ms), 1) AS percent,
               round(sum(ms) / 1000 / any_value(seconds), 3) AS workers_busy,
               CAST(round(sum(weight)) AS BIGINT) AS count,
               round(sum(ms) / sum(weight), 3) AS mean_ms
        FROM chosen, span
        GROUP BY "{name}"
        ORDER BY busy_seconds DESC, "{name}"
        """,  # noqa: S608  # built of our own names; every value is bound
        [*group_values, *values],
    )
