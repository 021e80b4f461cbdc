"""Figures by task, or by any field: count, rate, failures, quantiles."""

from __future__ import annotations

from typing import NamedTuple

from gearmang.records.answers import Answering, Rows
from gearmang.records.attempts import FAILED, IS_ATTEMPT, WEIGHT
from gearmang.records.selection import Selection, number_of, text_of


class Statistics(NamedTuple):
    """What `statistics` found.

    Attributes:
        answer: one row a group.
        dropped: records that the workers could not write.
        unreadable: lines that are no record: torn ones, and what does not belong there.
        odd: chosen records whose number is NaN or infinite, left out of the quantiles, and by
            time those whose time cannot be read, left out altogether.
    """

    answer: Rows
    dropped: int
    unreadable: int
    odd: int


def statistics(
    database: Answering,
    selection: Selection,
    *,
    by: str | None = "task",
    of: str = "duration_ms",
    every_s: int | None = None,
) -> Statistics:
    """One row a group, the busiest first; with ``every_s`` one for each time and group.

    A record that stands for several, by its ``sample_rate``, counts as several.

    Args:
        by: the field that makes the groups; ``type`` counts every record, anything else whole
            tasks; None makes one group of all.
        of: the number that the quantiles are of.
        every_s: seconds of one span of time.

    Raises:
        RecordsError: DuckDB refuses.
    """
    sql = database.dialect
    group, group_values = ("NULL", []) if by is None else text_of(by, sql)
    number, number_values = number_of(of, sql)
    condition, values = selection.condition(sql)
    within, times = selection.within(or_timeless=True)
    if by != "type":
        condition += f" AND {IS_ATTEMPT}"
    timeless = " OR ts IS NULL" if every_s else ""
    span = str(every_s) if every_s else sql.seconds("min(ts)", "max(ts)")
    # One pass over the files, each record once however often it was shipped. Lines without an
    # event_id could not be read; records that are not wanted may tell of others that were dropped.
    found = database.ask(
        f"""
        SELECT kind, dropped, copies, odd, "time", "group", count, per_second, failures,
               p[1] AS p50, p[2] AS p95, p[3] AS p99, max
        FROM (
            SELECT CASE WHEN identity IS NULL THEN 'unreadable' WHEN wanted THEN 'wanted' END
                       AS kind,
                   sum(dropped) AS dropped,
                   sum(copies) AS copies,
                   {sql.span_start(every_s) if every_s else "NULL"} AS "time",
                   "group",
                   CAST(floor(sum(weight) + 0.5) AS BIGINT) AS count,
                   round(sum(weight) / greatest({span}, 1), 3) AS per_second,
                   CAST(floor(coalesce(sum(weight) FILTER (WHERE failed), 0) + 0.5) AS BIGINT)
                       AS failures,
                   count(*) FILTER (WHERE NOT isFinite(raw){timeless}) AS odd,
                   {sql.quantiles("CASE WHEN isFinite(raw) THEN raw END")} AS p,
                   max(CASE WHEN isFinite(raw) THEN raw END) AS max
            FROM (
                SELECT {sql.identity} AS identity, any_value(ts) AS ts,
                       any_value({group}) AS "group", any_value({number}) AS raw,
                       max({FAILED}) AS failed,
                       any_value({WEIGHT}) AS weight,
                       max({condition}) AS wanted, any_value(dropped) AS dropped,
                       count(*) AS copies
                FROM lines
                WHERE {within} AND (({condition}) OR event_id IS NULL OR dropped IS NOT NULL)
                GROUP BY identity
            )
            GROUP BY kind, "time", "group"
        )
        ORDER BY "time", count DESC, "group"
        """,  # noqa: S608  # built of our own names; every value is bound
        [*group_values, *number_values, *values, *times, *values],
    )
    first = 4 if every_s else 5  # the column in which a row of the answer begins
    named = tuple(by if by and column == "group" else column for column in found.columns)
    return Statistics(
        Rows(
            named[first:],
            [
                row[first:]
                for row in found.rows
                if row[0] == "wanted" and not (every_s and row[4] is None)
            ],
        ),
        dropped=sum(int(row[1] or 0) for row in found.rows),
        unreadable=sum(int(row[2]) for row in found.rows if row[0] == "unreadable"),
        odd=sum(int(row[3]) for row in found.rows if row[0] == "wanted"),
    )


def span_of(database: Answering, selection: Selection) -> float:
    """Seconds from the first to the last of the chosen records."""
    condition, values = selection.condition(database.dialect)
    span = database.dialect.seconds("min(ts)", "max(ts)")
    sql = f"SELECT {span} FROM lines WHERE {condition}"  # noqa: S608  # bound
    ((seconds,),) = database.ask(sql, values).rows
    return float(seconds or 0)
