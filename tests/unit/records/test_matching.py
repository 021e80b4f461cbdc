"""One record at a time is chosen as SQL would choose it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from gearmang.records.matching import matcher, started_at
from gearmang.records.selection import Selection

TEN = datetime(2026, 11, 24, 10, tzinfo=timezone.utc)


def chosen(record: dict[str, Any], **selection: Any) -> bool:
    return matcher(Selection((), **selection))(record)


@pytest.mark.parametrize(
    ("ts", "since", "until"),
    [
        ("2026-11-24T10:00:00Z", True, False),
        ("2026-11-24T10:00:00.5Z", True, False),
        ("2026-11-24T10:00:00.000001Z", True, False),
        ("2026-11-24T09:59:59.999999Z", False, True),
        ("2026-11-24T12:00:00+02:00", True, False),
        ("2026-11-24T11:59:59+02:00", False, True),
        ("yesterday", False, False),
        (None, False, False),
    ],
)
def test_times_are_compared_as_times(ts: str | None, since: bool, until: bool) -> None:
    assert chosen({"ts": ts}, since=TEN) is since
    assert chosen({"ts": ts}, until=TEN) is until


def test_types_tasks_and_outcomes() -> None:
    record = {"type": "resize.db", "task": "resize", "outcome": "failure"}
    assert chosen(record, type="resize*")
    assert not chosen(record, type="resize")
    assert chosen(record, type="resize.db", task="resize", outcome="failure")
    assert not chosen(record, task="mail")
    assert not chosen(record, outcome="success")


@pytest.mark.parametrize(
    ("field", "value"),
    [("host", "gm1"), ("image.ok", "true"), ("fields.image.bytes", "5"), ("attempt", "2")],
)
def test_fields_are_compared_as_text(field: str, value: str) -> None:
    record = {"host": "gm1", "attempt": 2, "fields": {"image": {"ok": True, "bytes": 5}}}
    assert chosen(record, where=((field, value),))
    assert not chosen(record, where=((field, "other"),))
    assert not chosen({}, where=((field, value),))


def test_a_record_without_a_time_comes_before_all_others() -> None:
    assert started_at({}) < started_at({"ts": "1970-01-01T00:00:00Z"})
