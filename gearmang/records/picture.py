"""What a page of drawings shows, gathered from records: throughput, failures, durations, causes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import NamedTuple

from gearmang.records.answers import Answering
from gearmang.records.drawing import STEPS
from gearmang.records.questions import CauseOverTime, failures_over_time, worker_ids
from gearmang.records.selection import Selection
from gearmang.records.statistics import Statistics, span_of, statistics
from gearmang.watch.worker_id import WorkerId

MOST_GROUPS = 20
MOST_CAUSES = 12
SPANS = 120  # of time, if none is asked for


class Point(NamedTuple):
    """One span of time: its start in seconds since the epoch, and its figures."""

    time: float
    jobs: int
    failures: int
    p50: float | None
    p95: float | None
    p99: float | None
    most: float | None


class Picture(NamedTuple):
    """What the records of some time say.

    Attributes:
        every_s: seconds of one span of time.
        whole: of all attempts together, span by span.
        total: the same in one; None where there are no attempts.
        groups: the busiest values of a field, each span by span.
        causes: of failures, the most frequent first.
        waits: of all attempts, the time from submission to start in ms.
        starts: when workers started that wrote records here, in seconds since the epoch.
        left_out: odd values and lines that are no records.
    """

    every_s: int
    whole: list[Point]
    total: Point | None
    groups: dict[str, list[Point]]
    causes: list[CauseOverTime]
    waits: list[Point]
    starts: list[float]
    left_out: int


def picture(
    database: Answering, selection: Selection, *, by: str, of: str, every_s: int | None
) -> Picture:
    """Gather it.

    Args:
        by: the field that makes the groups.
        of: the number that the quantiles are of.
        every_s: seconds of one span of time; None: about 120 spans.
    """
    every = every_s or _step(span_of(database, selection))
    whole = statistics(database, selection, by=None, of=of, every_s=every)
    waits = statistics(database, selection, by=None, of="queue_ms", every_s=every)
    parts = statistics(database, selection, by=by, of=of, every_s=every)
    groups: dict[str, list[Point]] = {}
    for row, point in zip(parts.answer.as_dicts(), _points(parts), strict=True):
        groups.setdefault("-" if row[by] is None else str(row[by]), []).append(point)
    busiest = sorted(groups, key=lambda name: (-sum(one.jobs for one in groups[name]), name))
    total = _points(statistics(database, selection, by=None, of=of))
    spans = _points(whole)
    return Picture(
        every,
        spans,
        total[0] if total else None,
        {name: groups[name] for name in busiest[:MOST_GROUPS]},
        failures_over_time(database, selection, every)[:MOST_CAUSES],
        [point for point in _points(waits) if point.p95 is not None],
        _starts(worker_ids(database, selection), spans, every),
        whole.odd + whole.unreadable,
    )


def _points(found: Statistics) -> list[Point]:
    return [
        Point(
            _seconds(row.get("time")),
            *(row["count"], row["failures"], row["p50"], row["p95"], row["p99"], row["max"]),
        )
        for row in found.answer.as_dicts()
    ]


def _seconds(at: datetime | None) -> float:
    return 0.0 if at is None else at.replace(tzinfo=timezone.utc).timestamp()


def _starts(workers: Iterable[str], spans: list[Point], every: int) -> list[float]:
    """Slots of one process started together; what started before the first record is no start."""
    parsed = [worker for text in workers if (worker := WorkerId.parse(text))]
    found = {worker._replace(slot=None, job_started=None) for worker in parsed}
    if not spans:
        return []
    first, end = spans[0].time, spans[-1].time + every
    return sorted(float(one.started) for one in found if first <= one.started < end)


def _step(seconds: float) -> int:
    return next((step for step in STEPS if seconds / step <= SPANS), STEPS[-1])
