"""What the record of an attempt counts for: one definition, in Python and in SQL.

``gearmang logs`` asks in SQL, ``check_gearmang_tasks`` reads line by line; both take from here
which records are attempts, which of them failed, how many a sampled one stands for, which record is
the same one shipped again, and what a quantile is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

from gearmang.durations import BadTime, from_iso

LEAST_RATE = 1e-9  # a sample_rate below, or none that is a share, counts as 1

IS_ATTEMPT = "parent IS NULL AND outcome IS NOT NULL"
"""Of whole attempts; what happened inside one has a parent, a log line has no outcome."""

FAILED = "outcome = 'failure'"
"""``unknown`` is none: the attempt was given up from outside, and nobody knows how it would end."""

WEIGHT = f"CASE WHEN sample_rate > {LEAST_RATE} AND sample_rate < 1 THEN 1 / sample_rate ELSE 1 END"
"""How many records a record stands for."""


class Attempted(NamedTuple):
    """One attempt, as its record tells it.

    Attributes:
        event: what tells a record that was shipped again.
        task: the function.
        started, ended: in seconds since the epoch.
        duration: in seconds.
        waited: from submission to start, in seconds; None when the record does not say.
        failed: whether it ended as a failure.
        weight: how many attempts it stands for.
        job: the id that the attempts of one job share; None when the record does not say.
        outcome: ``success``, ``failure`` or ``unknown``.
        again: whether there was an attempt of this job before.
    """

    event: str | bytes
    task: str
    started: float
    ended: float
    duration: float
    waited: float | None
    failed: bool
    weight: float
    job: str | None = None
    outcome: str = "unknown"
    again: bool = False


def attempted(record: object, line: bytes = b"") -> Attempted | None:
    """Read a record; None when it is not that of a whole attempt, or not one that can be read.

    Args:
        record: as JSON gave it.
        line: names a record that has no ``event_id``.
    """
    if not isinstance(record, Mapping):
        return None
    task, outcome = record.get("task"), record.get("outcome")
    duration: Any = record.get("duration_ms")
    waited: Any = record.get("queue_ms")
    number: Any = record.get("attempt")
    event = record.get("event_id")
    if record.get("parent") is not None or outcome is None or not isinstance(task, str):
        return None
    if not is_number(duration) or not isinstance(event, (str, type(None))):
        return None
    try:
        started = from_iso(record["ts"])
    except (BadTime, KeyError, TypeError, AttributeError):
        return None
    return Attempted(
        event or line,
        task,
        started,
        started + duration / 1000,
        duration / 1000,
        waited / 1000 if is_number(waited) else None,
        outcome == "failure",
        weight_of(record.get("sample_rate")),
        job if isinstance(job := record.get("id"), str) else None,
        str(outcome),
        bool(is_number(number) and number > 1),
    )


def is_number(value: Any) -> bool:
    """Whether a value is a number that figures can be made of: no truth value, NaN or infinity."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def weight_of(rate: Any) -> float:
    """How many records one that was written at this ``sample_rate`` stands for."""
    return 1 / rate if is_number(rate) and LEAST_RATE < rate < 1 else 1.0


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that this share of the values keeps to, as DuckDB's ``quantile_cont``.

    Between two values it lies as far as the share does. Values do not count for those that they
    stand for: a sample is taken evenly.

    Args:
        ordered: at least one value, the least first.
        share: from 0 to 1.
    """
    place = share * (len(ordered) - 1)
    below = ordered[int(place)]
    above = ordered[min(int(place) + 1, len(ordered) - 1)]
    return below + (above - below) * (place - int(place))
