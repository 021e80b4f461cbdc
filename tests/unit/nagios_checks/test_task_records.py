"""Figures out of task records."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest

from nagios_checks.task_records import TaskFigures, TaskRecords, UnreadableRecords, figures

SINCE = 1_795_478_400.0  # 2026-11-24T00:00:00Z


def line(**changes: object) -> bytes:
    record = {
        "ts": "2026-11-24T00:00:10Z",
        "task": "resize",
        "outcome": "success",
        "duration_ms": 1500.0,
    }
    return json.dumps({**record, **changes}).encode() + b"\n"


def read(*lines: bytes) -> dict[str, TaskFigures]:
    found = TaskRecords(SINCE)
    for number, one in enumerate(lines):  # each its own event, where it does not say which
        found.add(one.replace(b"{", b'{"place": %d, ' % number, 1))
    return found.by_task


def test_an_attempt_is_counted_with_its_duration_and_end() -> None:
    found = read(line(), line(outcome="failure"))
    assert found["resize"].attempts == 2
    assert found["resize"].failure_rate == 50
    assert found["resize"].last == SINCE + 11.5


def test_an_attempt_of_unknown_outcome_is_no_failure() -> None:
    found = read(line(outcome="unknown"), line(outcome="failure"), line())
    assert (found["resize"].failures, found["resize"].attempts) == (1, 3)


def test_a_record_that_was_shipped_again_counts_once() -> None:
    found = read(line(event_id="e1"), line(event_id="e1"), line(event_id="e2"))
    assert found["resize"].attempts == 2


def test_a_sampled_record_counts_for_all_it_stands_for() -> None:
    found = read(line(sample_rate=0.1), line(outcome="failure"))
    assert (found["resize"].attempts, found["resize"].failures) == (11, 1)
    assert found["resize"].failure_rate == pytest.approx(100 / 11)


@pytest.mark.parametrize("rate", [0, -1, 2, "half", None, True])
def test_a_sample_rate_that_can_be_none_counts_as_one(rate: object) -> None:
    assert read(line(sample_rate=rate))["resize"].attempts == 1


def test_the_offset_of_a_time_is_honoured() -> None:
    assert read(line(ts="2026-11-24T02:00:10+02:00"))["resize"].last == SINCE + 11.5


@pytest.mark.parametrize(
    "ignored",
    [
        b"",
        b"torn {",
        b"[]\n",
        b"3\n",
        line(parent="0" * 16),
        line(ts="2026-11-23T00:00:00Z"),
        line(ts="today"),
        line(ts=None),
        line(task=None),
        line(outcome=None),
        line(duration_ms="long"),
        line(duration_ms=None),
        line(event_id=["no", "text"]),
    ],
)
def test_what_is_no_attempt_since_then_is_not_counted(ignored: bytes) -> None:
    assert read(ignored) == {}


def test_an_attempt_that_began_before_and_ended_after_counts() -> None:
    assert read(line(ts="2026-11-23T23:59:59Z"))["resize"].attempts == 1


@pytest.mark.parametrize(("count", "p95"), [(1, 1), (2, 1.95), (20, 19.05), (21, 20), (101, 96)])
def test_p95_lies_between_the_durations_where_the_logs_command_has_it(
    count: int, p95: float
) -> None:
    durations = [float(n + 1) for n in reversed(range(count))]
    assert TaskFigures(durations=durations).p95 == pytest.approx(p95)


def test_reading_ends_at_the_deadline(tmp_path: Path) -> None:
    (tmp_path / "tasks-2026112400.jsonl").write_bytes(line() * 10)
    with pytest.raises(UnreadableRecords, match="in time"):
        figures(str(tmp_path), since=SINCE, deadline=time.monotonic() - 1)


def test_compressed_records_are_read(tmp_path: Path) -> None:
    packed = b"".join(line(event_id=f"a{number}") for number in range(10))
    plain = b"".join(line(event_id=f"b{number}") for number in range(5))
    (tmp_path / "tasks-2026112400.jsonl.gz").write_bytes(gzip.compress(packed))
    (tmp_path / "tasks-2026112401.jsonl").write_bytes(plain)
    found = figures(str(tmp_path), since=SINCE, deadline=time.monotonic() + 10)
    assert found["resize"].attempts == 15
    (tmp_path / "tasks-2026112402.jsonl.gz").write_bytes(gzip.compress(packed)[:-9])
    with pytest.raises(UnreadableRecords, match="cannot be read"):
        figures(str(tmp_path), since=SINCE, deadline=time.monotonic() + 10)


def test_records_that_are_nowhere_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecords, match="does not exist"):
        figures(str(tmp_path / "nowhere"), since=SINCE, deadline=time.monotonic() + 10)
