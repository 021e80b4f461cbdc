"""What people ask of records, each as one query."""

from __future__ import annotations

from gearmang.records.database import Database, Rows
from gearmang.records.selection import Selection, text_of

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
FINGERPRINT_DIGITS = 12


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
    """Failed records by fingerprint: task, error type and the user's calls that led there."""
    condition, values = selection.condition()
    return database.ask(
        f"""
        WITH failed AS (
            SELECT *, {_FRAMES} AS frames FROM records
            WHERE outcome = 'failure' AND {condition}
        )
        SELECT left(md5(concat_ws('|', task, error_type, array_to_string(frames, '|'))),
                    {FINGERPRINT_DIGITS}) AS fingerprint,
               count(*) AS count,
               any_value(task) AS task,
               any_value(error_type) AS error_type,
               arg_max(error_message, ts) AS last_message,
               any_value(frames[-1]) AS "where",
               min(ts) AS first, max(ts) AS last,
               arg_max(id, ts) AS last_id
        FROM failed
        GROUP BY fingerprint
        ORDER BY count DESC, last DESC, fingerprint
        """,  # noqa: S608  # built of our own names; every value is bound
        values,
    )


def trace(database: Database, tree: str) -> Rows:
    """All records of one id, or of the ids that start so, in the order of their start."""
    return database.ask(
        "SELECT * FROM records WHERE starts_with(id, ?) ORDER BY id, ts, event_id", [tree.lower()]
    )


def busiest(database: Database, selection: Selection, by: str) -> Rows:
    """Who uses the time: the sum of durations by a field, and its share of all."""
    group, group_values = text_of(by)
    condition, values = selection.condition()
    name = by.replace('"', "")
    return database.ask(
        f"""
        WITH chosen AS (
            SELECT {group} AS "{name}", duration_ms / coalesce(sample_rate, 1) AS ms,
                   1 / coalesce(sample_rate, 1) AS weight, ts
            FROM {"records" if by == "type" else "tasks"}
            WHERE {condition} AND duration_ms IS NOT NULL
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
