"""Figures out of task records."""

import json
import time
from pathlib import Path

import pytest

from nagios_checks.task_records import TaskFigures, UnreadableRecords, add, figures

SINCE = 1_795_478_400.0  # 2026-11-24T00:00:00Z


def line(**changes: object) -> bytes:
    record = {
        "ts": "2026-11-24T00:00:10Z",
        "task": "resize",
        "outcome": "success",
        "duration_ms": 1500.0,
    }
    return json.dumps({**record, **changes}).encode() + b"\n"


def test_an_attempt_is_counted_with_its_duration_and_end() -> None:
    found: dict[str, TaskFigures] = {}
    add(found, line(), SINCE)
    add(found, line(outcome="failure"), SINCE)
    assert found["resize"].attempts == 2
    assert found["resize"].failure_rate == 50
    assert found["resize"].last == SINCE + 11.5


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
        line(duration_ms="long"),
        line(duration_ms=None),
    ],
)
def test_what_is_no_attempt_since_then_is_not_counted(ignored: bytes) -> None:
    found: dict[str, TaskFigures] = {}
    add(found, ignored, SINCE)
    assert found == {}


def test_an_attempt_that_began_before_and_ended_after_counts() -> None:
    found: dict[str, TaskFigures] = {}
    add(found, line(ts="2026-11-23T23:59:59Z"), SINCE)
    assert found["resize"].attempts == 1


@pytest.mark.parametrize(
    ("count", "p95"), [(1, 1), (2, 2), (19, 19), (20, 19), (21, 20), (100, 95), (101, 96)]
)
def test_p95_is_the_duration_that_95_per_cent_keep_to(count: int, p95: float) -> None:
    assert TaskFigures(durations=[float(n + 1) for n in reversed(range(count))]).p95 == p95


def test_reading_ends_at_the_deadline(tmp_path: Path) -> None:
    (tmp_path / "tasks-2026112400.jsonl").write_bytes(line() * 10)
    with pytest.raises(UnreadableRecords, match="in time"):
        figures(str(tmp_path), since=SINCE, deadline=time.monotonic() - 1)


def test_compressed_records_are_read(tmp_path: Path) -> None:
    import gzip

    (tmp_path / "tasks-2026112400.jsonl.gz").write_bytes(gzip.compress(line() * 10))
    (tmp_path / "tasks-2026112401.jsonl").write_bytes(line() * 5)
    found = figures(str(tmp_path), since=SINCE, deadline=time.monotonic() + 10)
    assert found["resize"].attempts == 15
    (tmp_path / "tasks-2026112402.jsonl.gz").write_bytes(gzip.compress(line() * 10)[:-9])
    with pytest.raises(UnreadableRecords, match="cannot be read"):
        figures(str(tmp_path), since=SINCE, deadline=time.monotonic() + 10)
