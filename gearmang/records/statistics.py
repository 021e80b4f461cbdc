"""Figures by task, or by any field: count, rate, failures, quantiles."""

from gearmang.records.database import Answer, Database
from gearmang.records.selection import Selection, number_of, text_of


def statistics(
    database: Database,
    selection: Selection,
    *,
    by: str = "task",
    of: str = "duration_ms",
    every_s: int | None = None,
) -> Answer:
    """One row a group, the busiest first; with ``every_s`` one for each group and time.

    Args:
        by: the field that makes the groups; ``type`` counts every record, anything else whole
            tasks.
        of: the number that the quantiles are of.
        every_s: seconds of one span of time.

    A record that stands for several, by its ``sample_rate``, counts as several.
    """
    group, group_values = text_of(by)
    number, number_values = number_of(of)
    condition, values = selection.condition()
    bucket = f"time_bucket(INTERVAL {every_s:d} SECOND, ts)" if every_s else "NULL"
    return database.ask(
        f"""
        WITH chosen AS (
            SELECT {bucket} AS "time", {group} AS "group", {number} AS number, ts, outcome,
                   1 / coalesce(sample_rate, 1) AS weight
            FROM {"records" if by == "type" else "tasks"}
            WHERE {condition}
        )
        SELECT {'"time",' if every_s else ""}
            "group" AS "{by.replace('"', "")}",
            CAST(round(sum(weight)) AS BIGINT) AS count,
            round(sum(weight) / greatest({every_s or "epoch(max(ts) - min(ts))"}, 1), 3)
                AS per_second,
            CAST(round(coalesce(sum(weight) FILTER (outcome = 'failure'), 0)) AS BIGINT)
                AS failures,
            quantile_cont(number, 0.5) AS p50,
            quantile_cont(number, 0.95) AS p95,
            quantile_cont(number, 0.99) AS p99,
            max(number) AS max
        FROM chosen
        GROUP BY "time", "group"
        ORDER BY "time", count DESC, "group"
        """,  # noqa: S608  # built of our own names; every value is bound
        [*group_values, *number_values, *values],
    )


def losses(database: Database, selection: Selection) -> tuple[int, int]:
    """How many records the workers had to drop, and how many lines could not be read."""
    condition, values = selection.condition()
    dropped = database.ask(
        f"SELECT coalesce(sum(dropped), 0) FROM records WHERE {condition}",  # noqa: S608  # bound
        values,
    ).rows[0][0]
    unreadable = database.ask("SELECT count(*) FROM lines WHERE event_id IS NULL").rows[0][0]
    return int(dropped), int(unreadable)
