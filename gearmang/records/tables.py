"""The tables of records: which columns they have, and the SQL that makes them of files."""

from __future__ import annotations

from gearmang.records.attempts import IS_ATTEMPT
from gearmang.records.sources import RecordFiles, quoted_list

# Said explicitly: DuckDB's guesses break on a key first seen late, and on an integer column
# that turns float later.
COLUMNS = {
    "ts": "TIMESTAMP",
    "level": "VARCHAR",
    "logger": "VARCHAR",
    "type": "VARCHAR",
    "event_id": "VARCHAR",
    "id": "VARCHAR",
    "span": "VARCHAR",
    "parent": "VARCHAR",
    "task": "VARCHAR",
    "handle": "VARCHAR",
    "worker": "VARCHAR",
    "outcome": "VARCHAR",
    "duration_ms": "DOUBLE",
    "workload_bytes": "BIGINT",
    "queue_ms": "DOUBLE",
    "attempt": "INTEGER",
    "sample_rate": "DOUBLE",
    "message": "VARCHAR",
    "error_type": "VARCHAR",
    "error_message": "VARCHAR",
    "error_stack": "VARCHAR",
    "host": "VARCHAR",
    "pid": "BIGINT",
    "service": "VARCHAR",
    "v": "INTEGER",
    "dropped": "BIGINT",
    "truncated": "BOOLEAN",
    "fields": "JSON",
}

LONGEST_LINE = 1 << 20  # bytes; DuckDB keeps buffers of this size for each thread

MADE = """
CREATE OR REPLACE VIEW {prefix}records AS {merged};
CREATE OR REPLACE VIEW {prefix}tasks AS
    SELECT * FROM {prefix}records WHERE {is_attempt};
"""
"""``lines``: as they came, a torn one as a row of NULLs. ``records``: each event_id once, however
often it was shipped. ``tasks``: the records of whole tasks, one for each attempt."""


def statements(sources: RecordFiles, prefix: str = "") -> str:
    """The SQL that makes the views ``lines``, ``records`` and ``tasks``, with a prefix."""
    parts = []
    if sources.lines:
        # A time with an offset is that time in UTC; the session's zone is UTC, so none has none.
        kinds = {**COLUMNS, "ts": "TIMESTAMPTZ"}
        columns = ", ".join(f"{name}: '{kind}'" for name, kind in kinds.items())
        parts.append(
            "SELECT * REPLACE (CAST(ts AS TIMESTAMP) AS ts) FROM"  # noqa: S608  # quoted
            f" read_json({quoted_list(sources.lines)}, format = 'newline_delimited',"
            f" columns = {{{columns}}}, ignore_errors = true,"
            f" maximum_object_size = {LONGEST_LINE})"
        )
    if sources.parquet:
        parts.append(
            f"SELECT {', '.join(COLUMNS)} FROM read_parquet({quoted_list(sources.parquet)},"  # noqa: S608  # quoted
            " union_by_name = true)"
        )
    if not parts:  # every file is older than what was asked for
        empty = ", ".join(f"NULL::{kind} AS {name}" for name, kind in COLUMNS.items())
        parts.append(f"SELECT {empty} WHERE false")
    lines = f"CREATE OR REPLACE VIEW {prefix}lines AS {' UNION ALL '.join(parts)};"
    made = MADE.format(merged=merged("true", prefix), prefix=prefix, is_attempt=IS_ATTEMPT)
    return lines + made


def merged(condition: str, prefix: str = "") -> str:
    """The SQL of the lines' records, each once. Columns that a query does not use are not read.

    Args:
        condition: on lines, alike for all copies of one.
    """
    columns = ", ".join(f"any_value({name}) AS {name}" for name in COLUMNS if name != "event_id")
    return (
        f"SELECT event_id, {columns} FROM {prefix}lines"  # noqa: S608  # our own names
        f" WHERE event_id IS NOT NULL AND {condition} GROUP BY event_id"
    )
