"""What people ask of records, each as one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from gearmang.job.dossier import Dossier
from gearmang.job.fingerprint import fingerprint
from gearmang.records.answers import Answering, Rows
from gearmang.records.attempts import FAILED, WEIGHT
from gearmang.records.selection import Selection, text_of
from gearmang.records.tables import merged

# Our workers write the fingerprint that the dead letter of this failure has, as a field.
_WRITTEN = "nullif(regexp_extract({}, '^[0-9a-f]{{12}}$'), '')"


def slowest(database: Answering, selection: Selection, count: int) -> Rows:
    """The tasks that took longest."""
    tasks, values = selection.chosen(database.dialect, attempts=True)
    return database.ask(
        f"""
        SELECT ts, task, duration_ms, outcome, attempt, queue_ms, host, id
        FROM {tasks} AS tasks
        ORDER BY duration_ms DESC, ts, event_id LIMIT {count:d}
        """,  # noqa: S608  # built of our own names; every value is bound
        values,
    )


class CauseOverTime(NamedTuple):
    """What failed attempts have in common.

    Attributes:
        fingerprint: the one of ``gearmang dead causes``: our workers write it; for records of
            other workers it is made of what can be told of the user's frames from the stack.
        failures: how many attempts failed so.
        task, error_type, message, where, last_id: of the newest of them.
        first, last: when the first and the newest started, in UTC.
        times: how many, by the start of each span of time in seconds since the epoch.
    """

    fingerprint: str
    failures: int
    task: str
    error_type: str
    message: str | None
    where: str | None
    first: datetime | None
    last: datetime | None
    last_id: str | None
    times: dict[float, int]


def failures(database: Answering, selection: Selection) -> Rows:
    """Failed attempts by cause; with a type, failed records of that type."""
    columns = (
        *("fingerprint", "count", "task", "error_type", "last_message", "where"),
        *("first", "last", "last_id"),
    )
    return Rows(columns, [cause[:-1] for cause in failures_over_time(database, selection, None)])


def failures_over_time(
    database: Answering, selection: Selection, every_s: int | None
) -> list[CauseOverTime]:
    """The same, the most frequent first, with the times of each by spans of so many seconds."""
    sql = database.dialect
    records, values = selection.chosen(sql, attempts=selection.type is None)
    found = database.ask(
        f"""
        SELECT {_WRITTEN.format(sql.own())} AS fingerprint, task, error_type,
               {sql.frames} AS frames, {sql.span_start(every_s) if every_s else "NULL"} AS bucket,
               sum({WEIGHT}) AS count, min(ts) AS first, max(ts) AS last,
               max_by(error_message, ts) AS message, max_by(id, ts) AS last_id
        FROM {records} AS records
        WHERE {FAILED}
        GROUP BY ALL
        """,  # noqa: S608  # built of our own names; every value is bound
        ["$.fingerprint", *values],
    )
    alike: dict[str, list[dict[str, Any]]] = {}
    for row in found.as_dicts():
        alike.setdefault(row["fingerprint"] or _made_of(row), []).append(row)
    causes = [_cause(digits, rows) for digits, rows in alike.items()]
    return sorted(causes, key=lambda one: (-one.failures, -_seconds(one.last), one.fingerprint))


def _made_of(row: Mapping[str, Any]) -> str:
    frames = tuple(row["frames"] or ())
    dossier = Dossier(outcome="failure", error_type=row["error_type"] or "", frames=frames)
    return fingerprint(row["task"] or "", dossier)


def _cause(digits: str, rows: Sequence[Mapping[str, Any]]) -> CauseOverTime:
    newest = max(rows, key=lambda row: _seconds(row["last"]))
    times: dict[float, float] = {}
    for row in rows:
        if row["bucket"] is not None:
            at = _seconds(row["bucket"])
            times[at] = times.get(at, 0) + row["count"]
    return CauseOverTime(
        digits,
        round(sum(row["count"] for row in rows)),
        newest["task"] or "-",
        newest["error_type"] or "-",
        newest["message"],
        newest["frames"][-1] if newest["frames"] else None,
        min((row["first"] for row in rows if row["first"] is not None), default=None),
        newest["last"],
        newest["last_id"],
        {at: round(count) for at, count in times.items()},
    )


def _seconds(at: datetime | None) -> float:
    return at.replace(tzinfo=timezone.utc).timestamp() if at else 0.0


def worker_ids(database: Answering, selection: Selection) -> list[str]:
    """The client ids of the workers that wrote records."""
    condition, values = selection.condition(database.dialect)
    sql = f"SELECT DISTINCT worker FROM lines WHERE worker IS NOT NULL AND {condition}"  # noqa: S608  # bound
    return [row[0] for row in database.ask(sql, values).rows]


def trace(database: Answering, tree: str, since: datetime | None = None) -> Rows:
    """All records of one id, or of the ids that start so, in the order of their start.

    Only those are merged; the view ``records`` would merge everything first.
    """
    within, values = Selection((), since).within()
    starts = database.dialect.starts("id")
    return database.ask(
        f"SELECT * FROM ({merged(f'({starts} OR {starts}) AND {within}')}) AS merged"  # noqa: S608  # bound
        " ORDER BY id, ts, event_id",
        [tree, tree.lower(), *values],
    )


def busiest(database: Answering, selection: Selection, by: str) -> Rows:
    """Who uses the time: the sum of durations by a field, and its share of all."""
    sql = database.dialect
    group, group_values = text_of(by, sql)
    records, values = selection.chosen(sql, attempts=by != "type")
    name = by.replace('"', "")
    return database.ask(
        f"""
        WITH chosen AS (
            SELECT {group} AS "{name}", duration_ms * {WEIGHT} AS ms,
                   {WEIGHT} AS weight, ts
            FROM {records} AS records
            WHERE isFinite(duration_ms)
        ),
        span AS (
            SELECT greatest({sql.seconds("min(ts)", "max(ts)")}, 1) AS seconds,
                   sum(ms) AS all_ms
            FROM chosen
        )
        SELECT "{name}",
               round(sum(ms) / 1000, 3) AS busy_seconds,
               round(100 * sum(ms) / any_value(all_ms), 1) AS percent,
               round(sum(ms) / 1000 / any_value(seconds), 3) AS workers_busy,
               CAST(floor(sum(weight) + 0.5) AS BIGINT) AS count,
               round(sum(ms) / sum(weight), 3) AS mean_ms
        FROM chosen, span
        GROUP BY "{name}"
        ORDER BY busy_seconds DESC, "{name}"
        """,  # noqa: S608  # built of our own names; every value is bound
        [*group_values, *values],
    )
