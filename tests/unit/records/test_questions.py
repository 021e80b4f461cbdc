"""slow, failures, trace and top."""

from datetime import datetime, timezone

import pytest

from gearmang.job.dossier import Dossier
from gearmang.job.fingerprint import fingerprint
from gearmang.records.database import opened
from gearmang.records.questions import busiest, failures, slowest, trace
from gearmang.records.selection import Selection
from gearmang.records.tree import forest
from tests.unit.records.conftest import Write, line

STACK = 'Traceback\n  File "/app/a.py", line {line}, in resize\n    x\nValueError: bad\n'


def test_the_slowest_come_first(write: Write) -> None:
    folder = write(*(line(duration_ms=ms) for ms in (5.0, 50.0, 0.5)))
    with opened([str(folder)]) as database:
        found = slowest(database, Selection((str(folder),)), 2).as_dicts()
    assert [one["duration_ms"] for one in found] == [50.0, 5.0]


def test_failures_of_one_cause_are_one_row_whatever_the_line_numbers(write: Write) -> None:
    def failed(number: int, kind: str = "ValueError") -> dict[str, object]:
        return line(
            outcome="failure",
            error_type=kind,
            error_message=str(number),
            error_stack=STACK.format(line=number),
        )

    folder = write(failed(1), failed(2), failed(3, "KeyError"), line())
    with opened([str(folder)]) as database:
        found = failures(database, Selection((str(folder),))).as_dicts()
    assert [(one["count"], one["error_type"]) for one in found] == [
        (2, "ValueError"),
        (1, "KeyError"),
    ]
    assert found[0]["where"] == "app/a.py:resize"


def test_the_place_of_a_failure_is_the_users_innermost_call(write: Write) -> None:
    stack = (
        '  File "/srv/app/thumbs/jobs/resize.py", line 7, in resize\n'
        '  File "/venv/lib/python3.11/site-packages/PIL/Image.py", line 9, in open\n'
        '  File "/srv/x/gearmang/worker/executor.py", line 9, in _time_is_up\n'
    )
    only_others = '  File "/usr/lib/python3.11/json/decoder.py", line 3, in decode\n'
    folder = write(
        line(outcome="failure", error_type="A", error_stack=stack),
        line(outcome="failure", error_type="B", error_stack=only_others),
        line(outcome="failure", error_type="SIGSEGV"),
    )
    with opened([str(folder)]) as database:
        found = failures(database, Selection((str(folder),))).as_dicts()
    assert {one["error_type"]: one["where"] for one in found} == {
        "A": "thumbs/jobs/resize.py:resize",
        "B": "python3.11/json/decoder.py:decode",
        "SIGSEGV": None,
    }


def test_a_trace_is_found_by_the_start_of_its_id(write: Write) -> None:
    folder = write(line(id="abcdef" + "0" * 26), line(id="abcdef" + "0" * 26, attempt=2), line())
    with opened([str(folder)]) as database:
        assert len(trace(database, "ABCDEF").rows) == 2


def test_records_make_trees_by_span_and_parent() -> None:
    roots = forest(
        [
            {"span": "a", "parent": None},
            {"span": "b", "parent": "a"},
            {"span": "c", "parent": "b"},
            {"span": "d", "parent": "gone"},
        ]
    )
    assert [root.record["span"] for root in roots] == ["a", "d"]
    assert roots[0].children[0].children[0].record["span"] == "c"


def test_records_that_are_each_others_parents_are_shown_all_the_same() -> None:
    roots = forest([{"span": "a", "parent": "b"}, {"span": "b", "parent": "a"}])
    assert len(roots) == 1
    assert len(roots[0].children) == 1
    assert forest([{"span": "a", "parent": "a"}])[0].children == []


def test_who_uses_the_time(write: Write) -> None:
    folder = write(
        line(duration_ms=3000),
        line(duration_ms=1000, task="mail", ts="2026-11-24T10:00:10Z"),
    )
    with opened([str(folder)]) as database:
        found = busiest(database, Selection((str(folder),)), "task").as_dicts()
    assert [(one["task"], one["percent"], one["workers_busy"]) for one in found] == [
        ("resize", 75.0, 0.3),
        ("mail", 25.0, 0.1),
    ]


def test_the_fingerprint_of_a_cause_is_the_one_that_the_worker_wrote(write: Write) -> None:
    folder = write(
        line(outcome="failure", error_type="A", fields={"fingerprint": "0123456789ab"}),
        line(outcome="failure", error_type="A", fields={"fingerprint": "0123456789ab"}),
        line(outcome="failure", error_type="A", fields={"fingerprint": "the user's own"}),
    )
    with opened([str(folder)]) as database:
        found = failures(database, Selection((str(folder),))).as_dicts()
    made = fingerprint("resize", Dossier(outcome="failure", error_type="A"))
    assert {one["fingerprint"]: one["count"] for one in found} == {"0123456789ab": 2, made: 1}


def test_a_cause_counts_attempts_not_what_happened_inside(write: Write) -> None:
    bad = {"outcome": "failure", "error_type": "A"}
    folder = write(line(**bad, sample_rate=0.1), line(**bad, type="resize.db", parent="1" * 16))
    with opened([str(folder)]) as database:
        (whole,) = failures(database, Selection((str(folder),))).as_dicts()
        (part,) = failures(database, Selection((str(folder),), type="resize.db")).as_dicts()
    assert (whole["count"], part["count"]) == (10, 1)


def test_odd_durations_use_no_time(write: Write) -> None:
    folder = write(line(duration_ms=float("nan")), line(duration_ms=2000))
    with opened([str(folder)]) as database:
        (row,) = busiest(database, Selection((str(folder),)), "task").as_dicts()
    assert row["busy_seconds"] == pytest.approx(2.0)


def test_a_trace_merges_what_was_shipped_twice_and_keeps_to_its_time(write: Write) -> None:
    early = line(id="a" * 32, ts="2026-11-24T09:00:00Z")
    folder = write(early, early, line(id="a" * 32))
    with opened([str(folder)]) as database:
        assert len(trace(database, "aaaaaa").rows) == 2
        since = datetime(2026, 11, 24, 10, tzinfo=timezone.utc)
        assert len(trace(database, "aaaaaa", since).rows) == 1
