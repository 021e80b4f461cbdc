"""Attempts as their records tell them, read by the strict parser of prometheus_client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from gearmang.web.attempts_counted import OUTCOMES, AttemptCounts
from gearmang.web.exposition import END


def counts(*places: str | Path, most: int = 100) -> AttemptCounts:
    return AttemptCounts([*map(str, places)], 60.0, lambda _: None, most)


def record(**values: Any) -> bytes:
    usual = {"ts": "2026-11-24T03:13:05.826029Z", "task": "resize", "outcome": "success",
             "duration_ms": 41.3, "queue_ms": 700, "id": "5f2b"}  # fmt: skip
    return json.dumps(usual | values).encode()


def samples(counted: AttemptCounts) -> list[Sample]:
    text = "".join(counted.families()) + END
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return [sample for family in families for sample in family.samples]


def value(counted: AttemptCounts, name: str, **labels: str) -> float:
    wanted = {"function": "resize", **labels}
    (found,) = (one for one in samples(counted) if (one.name, one.labels) == (name, wanted))
    return float(found.value)


def test_no_record_is_no_family() -> None:
    assert "".join(counts().families()) == ""


def test_attempts_are_counted_by_outcome_from_the_first_of_any() -> None:
    counted = counts()
    for number, outcome in enumerate(("success", "failure", "failure")):
        counted.add(record(outcome=outcome, event_id=str(number)))
    told = [value(counted, "gearmang_attempts_total", outcome=one) for one in OUTCOMES]
    assert told == [1, 2, 0]


def test_an_odd_outcome_is_unknown() -> None:
    counted = counts()
    counted.add(record(outcome=["<script>"]))
    assert value(counted, "gearmang_attempts_total", outcome="unknown") == 1


def test_a_duration_is_in_its_bucket_and_in_all_larger_ones() -> None:
    counted = counts()
    counted.add(record())
    name = "gearmang_attempt_duration_seconds"
    assert value(counted, f"{name}_bucket", le="0.025") == 0
    assert value(counted, f"{name}_bucket", le="0.05") == 1
    assert value(counted, f"{name}_bucket", le="+Inf") == 1
    assert value(counted, f"{name}_sum") == pytest.approx(0.0413)


def test_a_bucket_holds_what_is_exactly_its_bound() -> None:
    counted = counts()
    counted.add(record(duration_ms=50))
    assert value(counted, "gearmang_attempt_duration_seconds_bucket", le="0.05") == 1


def test_a_wait_is_in_a_histogram_of_its_own() -> None:
    counted = counts()
    counted.add(record())
    counted.add(record(queue_ms=None, event_id="b"))
    assert value(counted, "gearmang_attempt_wait_seconds_count") == 1
    assert value(counted, "gearmang_attempt_wait_seconds_sum") == pytest.approx(0.7)


def test_a_wait_below_zero_is_none_at_all() -> None:
    counted = counts()
    counted.add(record(queue_ms=-3000))
    assert value(counted, "gearmang_attempt_wait_seconds_sum") == 0


def test_the_latest_job_is_its_bucket_s_example() -> None:
    counted = counts()
    for second, job in ((5, "early"), (7, "late"), (6, "between")):
        counted.add(record(ts=f"2026-11-24T03:13:0{second}Z", id=job))
    shown = [one.exemplar for one in samples(counted) if one.exemplar and one.labels["le"] < "0.1"]
    assert [one.labels for one in shown] == [{"job_id": "late"}]
    assert shown[0].value == pytest.approx(0.0413)


@pytest.mark.parametrize("job", ["x" * 121, None, 7, "", '"}\n', "\u0664"])
def test_an_id_that_no_exemplar_may_have_is_left_out(job: object) -> None:
    counted = counts()
    counted.add(record(id=job))
    assert not any(one.exemplar for one in samples(counted))


def test_a_sampled_record_counts_for_all_it_stands_for() -> None:
    counted = counts()
    for number in range(3):
        counted.add(record(sample_rate=0.4, event_id=str(number)))
    assert value(counted, "gearmang_attempts_total", outcome="success") == 8
    assert value(counted, "gearmang_attempt_duration_seconds_count") == 8


def test_a_record_that_was_shipped_again_counts_once() -> None:
    counted = counts()
    for _ in range(2):
        counted.add(record(event_id="a"))
    assert value(counted, "gearmang_attempts_total", outcome="success") == 1


@pytest.mark.parametrize(
    "line", [b"", b"{", b"7", record(parent="p"), record(duration_ms="x"), record(outcome=None)]
)
def test_what_is_no_attempt_is_passed_over(line: bytes) -> None:
    counted = counts()
    counted.add(line)
    assert samples(counted) == []


def test_hostile_names_stay_one_line_each() -> None:
    counted = counts()
    counted.add(record(task='a"} 1\nEOF\n\u202e'))
    assert {one.labels["function"] for one in samples(counted)} == {'a"} 1\nEOF\n\u202e'}


def test_functions_beyond_the_cap_are_counted_together() -> None:
    counted = counts(most=1)
    for task in ("resize", "a", "b"):
        counted.add(record(task=task))
    (rest,) = (one for one in samples(counted) if one.name == "gearmang_unlisted_attempts_total")
    assert rest.value == 2


def test_what_was_there_before_is_not_counted_and_what_comes_is(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_bytes(record(event_id="a") + b"\n")
    counted = counts(tmp_path)
    counted.start()
    with file.open("ab") as end:
        end.write(record(event_id="b") + b"\n" + record(event_id="c"))
    counted.look()
    assert value(counted, "gearmang_attempts_total", outcome="success") == 1
    counted.stop()


def test_a_folder_that_comes_later_is_counted_as_a_whole(tmp_path: Path) -> None:
    said: list[str] = []
    counted = AttemptCounts([str(tmp_path / "tasks")], 60.0, said.append)
    for _ in range(2):
        counted.look()
    assert len(said) == 1
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "a.jsonl").write_bytes(record() + b"\n")
    counted.look()
    assert value(counted, "gearmang_attempts_total", outcome="success") == 1
