"""Figures over records, with everything that DuckDB trips over."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from gearmang.records.database import opened
from gearmang.records.errors import RecordsError
from gearmang.records.selection import Selection
from gearmang.records.statistics import Statistics, statistics
from tests.unit.records.conftest import Write, line


def stats(folder: Path, selection: dict[str, Any] | None = None, **options: Any) -> Statistics:
    with opened([str(folder)]) as database:
        return statistics(database, Selection((str(folder),), **(selection or {})), **options)


def row(folder: Path, selection: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    (found,) = stats(folder, selection, **options).answer.as_dicts()
    return found


def test_count_failures_and_quantiles(write: Write) -> None:
    folder = write(
        *(line(duration_ms=float(number)) for number in range(1, 100)),
        line(outcome="failure", duration_ms=100),
    )
    found = row(folder)
    assert (found["task"], found["count"], found["failures"]) == ("resize", 100, 1)
    assert (found["p50"], found["max"]) == (50.5, 100.0)
    assert found["p95"] == pytest.approx(95.05)


def test_a_record_that_was_shipped_twice_counts_once(write: Write) -> None:
    once = line()
    write(once, line())
    folder = write(once, name="other.jsonl")
    assert row(folder)["count"] == 2


def test_torn_and_foreign_lines_are_counted_apart(write: Write) -> None:
    found = stats(write(line(), b'{"ts":"2026-11\n', b"\x00\x00\n", b"[1]\n", b'{"a":1}\n', line()))
    assert found.answer.as_dicts()[0]["count"] == 2
    assert found.unreadable == 4


def test_a_field_first_seen_late_is_read(write: Write) -> None:
    folder = write(*(line() for _ in range(21_000)), line(error_type="Late", outcome="failure"))
    assert row(folder, {"where": (("error_type", "Late"),)})["count"] == 1


def test_a_number_that_turns_float_late_is_not_rounded(write: Write) -> None:
    folder = write(*(line(duration_ms=1) for _ in range(21_000)), line(duration_ms=1.25))
    assert row(folder)["max"] == 1.25


def test_a_value_of_the_wrong_type_does_not_hide_other_records(write: Write) -> None:
    folder = write(line(attempt="first", workload_bytes=1.5), line(duration_ms="slow"), line())
    assert stats(folder).answer.as_dicts()[0]["count"] >= 1


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_plain_and_packed_files_are_read(write: Write, name: str) -> None:
    assert row(write(line(), name=name))["count"] == 1


def test_children_do_not_count_as_tasks(write: Write) -> None:
    folder = write(line(span="a" * 16), line(type="resize.db", parent="a" * 16))
    assert row(folder)["count"] == 1
    assert len(stats(folder, by="type").answer.rows) == 2


def test_the_numbers_that_tasks_recorded_are_described(write: Write) -> None:
    folder = write(*(line(fields={"image": {"bytes": size}}) for size in (10, 20, 30)), line())
    found = row(folder, of="image.bytes")
    assert (found["p50"], found["max"], found["count"]) == (20.0, 30.0, 4)


def test_groups_by_what_tasks_recorded(write: Write) -> None:
    folder = write(*(line(fields={"kind": kind}) for kind in ("a", "b", "a")))
    assert {one["kind"]: one["count"] for one in stats(folder, by="kind").answer.as_dicts()} == {
        "a": 2,
        "b": 1,
    }


def test_a_sampled_record_counts_for_those_it_stands_for(write: Write) -> None:
    folder = write(line(sample_rate=0.1), line(sample_rate=0.1, outcome="failure"), line())
    found = row(folder)
    assert (found["count"], found["failures"]) == (21, 10)


def test_spans_of_time(write: Write) -> None:
    folder = write(
        *(line(ts=f"2026-11-24T10:0{minute}:30Z") for minute in (0, 1, 6)),
    )
    found = stats(folder, every_s=300).answer.as_dicts()
    assert [(one["time"].minute, one["count"]) for one in found] == [(0, 2), (5, 1)]


def test_dropped_records_are_added_up_whoever_reported_them(write: Write) -> None:
    folder = write(line(dropped=3), line(type="log_shipping", dropped=2, outcome=None))
    assert stats(folder).dropped == 5


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        ({"type": "resize"}, 2),
        ({"type": "res*"}, 2),
        ({"task": "mail"}, 1),
        ({"outcome": "failure"}, 1),
        ({"since": datetime(2026, 11, 24, 10, 30, tzinfo=timezone.utc)}, 1),
        ({"until": datetime(2026, 11, 24, 10, 30, tzinfo=timezone.utc)}, 2),
        ({"where": (("host", "gm2"),)}, 1),
        ({"where": (("image.name", "x' OR true --"),)}, 1),
    ],
)
def test_selections(write: Write, selection: dict[str, Any], count: int) -> None:
    folder = write(
        line(fields={"image": {"name": "x' OR true --"}}),
        line(outcome="failure", host="gm2"),
        line(type="mail", task="mail", ts="2026-11-24T11:00:00Z"),
    )
    assert sum(one["count"] for one in stats(folder, selection).answer.as_dicts()) == count


def test_a_quotation_mark_in_a_fields_name_is_no_sql(write: Write) -> None:
    folder = write(line(fields={"a": 1}))
    assert row(folder, by='a"; DROP VIEW lines; --')["count"] == 1


def test_a_path_with_a_quotation_mark_is_read(write: Write, tmp_path: Path) -> None:
    folder = write(line())
    odd = folder.rename(tmp_path / "it's")
    assert row(odd)["count"] == 1


def test_no_records_are_told(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="no records"), opened([str(tmp_path)]):
        pass
    with pytest.raises(RecordsError, match="does not exist"), opened([str(tmp_path / "none")]):
        pass


def test_files_of_hours_that_were_over_are_left_unread(write: Write) -> None:
    write(b"not read\n", name="tasks-2026112409.jsonl")
    folder = write(line())
    since = datetime(2026, 11, 24, 10, 0, tzinfo=timezone.utc)
    with opened([str(folder)], since) as database:
        found = statistics(database, Selection((str(folder),), since=since))
    assert (found.answer.as_dicts()[0]["count"], found.unreadable) == (1, 0)


def test_the_offset_of_a_time_is_honoured(write: Write) -> None:
    folder = write(line(ts="2026-11-24T06:00:00.5+02:00"), line(ts="2026-11-24T04:00:00"))
    with opened([str(folder)]) as database:
        times = [row[0] for row in database.ask("SELECT ts FROM tasks ORDER BY ts").rows]
    assert times == [datetime(2026, 11, 24, 4), datetime(2026, 11, 24, 4, 0, 0, 500_000)]  # noqa: DTZ001  # as DuckDB gives it


def test_odd_values_are_left_out_and_counted(write: Write) -> None:
    folder = write(line(duration_ms=float("nan")), line(duration_ms=float("inf")), line(), line())
    found = stats(folder)
    (row_,) = found.answer.as_dicts()
    assert (row_["count"], row_["p95"], row_["max"], found.odd) == (4, 10.0, 10.0, 2)


def test_by_time_a_record_whose_time_cannot_be_read_is_left_out_and_counted(write: Write) -> None:
    found = stats(write(line(), line(ts="yesterday")), every_s=60)
    assert ([one["count"] for one in found.answer.as_dicts()], found.odd) == ([1], 1)


def test_a_tasks_own_number_is_not_taken_for_one_of_the_record(write: Write) -> None:
    found = row(write(line(v=1, fields={"v": 30}), line(v=1, fields={"v": 40})), of="v")
    assert found["max"] == 40.0
