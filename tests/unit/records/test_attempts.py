"""What an attempt's record counts for, the same in Python as in SQL."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gearmang.records.attempts import attempted, quantile, weight_of
from gearmang.records.database import opened
from gearmang.records.selection import Selection
from gearmang.records.statistics import statistics
from tests.unit.records.conftest import Write, line

LOT: list[dict[str, Any]] = [
    line(),
    line(outcome="failure", duration_ms=20.0),
    line(outcome="unknown", duration_ms=30.0),
    line(sample_rate=0.25, duration_ms=40.0),
    line(sample_rate=0.25, outcome="failure", duration_ms=50.0),
    line(sample_rate=0, duration_ms=60.0),
    line(sample_rate=3, duration_ms=70.0),
    line(parent="1" * 16),
    line(outcome=None),
]


def test_python_and_sql_count_the_same(write: Write) -> None:
    folder = write(*LOT, LOT[1], LOT[4])  # two of them shipped again
    with opened([str(folder)]) as database:
        (row,) = statistics(database, Selection((str(folder),))).answer.as_dicts()
    by_event = {found.event: found for one in [*LOT, LOT[1]] if (found := attempted(one))}
    durations = sorted(found.duration for found in by_event.values())
    assert row["count"] == round(sum(found.weight for found in by_event.values()))
    assert row["failures"] == round(sum(one.weight for one in by_event.values() if one.failed))
    assert row["p95"] == pytest.approx(quantile(durations, 0.95) * 1000)


def test_an_attempt_tells_when_it_ended_and_how_long_it_waited() -> None:
    found = attempted(line(ts="1970-01-01T02:00:10+02:00", duration_ms=500, queue_ms=1500))
    assert found is not None
    assert (found.started, found.ended, found.waited) == (10.0, 10.5, 1.5)


@pytest.mark.parametrize(
    "odd",
    [
        line(duration_ms=float("nan")),
        line(duration_ms=float("inf")),
        line(duration_ms=True),
        line(duration_ms="1"),
        line(ts="soon"),
        line(ts=None),
        line(ts=17),
        line(task=None),
        line(event_id=[]),
        line(parent="1" * 16),
        [],
        None,
    ],
)
def test_what_is_no_attempt_is_none(odd: object) -> None:
    assert attempted(odd) is None


def test_a_wait_that_is_no_number_is_not_known() -> None:
    found = attempted(line(queue_ms="long"))
    assert found is not None
    assert found.waited is None


def test_a_record_without_event_id_is_told_by_its_line() -> None:
    record = line()
    del record["event_id"]
    found = attempted(record, json.dumps(record).encode())
    assert found is not None
    assert found.event == json.dumps(record).encode()


@pytest.mark.parametrize("rate", [0, -1, 1, 2, "half", None, True, float("nan"), 1e-12])
def test_a_sample_rate_that_is_no_share_counts_as_one(rate: object) -> None:
    assert weight_of(rate) == 1.0


@pytest.mark.parametrize(("share", "value"), [(0, 1.0), (0.5, 2.5), (0.95, 3.85), (1, 4.0)])
def test_a_quantile_lies_between_two_values_as_far_as_the_share_does(
    share: float, value: float
) -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], share) == pytest.approx(value)
