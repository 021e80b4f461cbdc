"""Lines of other programs."""

import json
from typing import Any

import pytest

from gearmang.records.ingesting import records_of
from log_shipping.schema import json_schema


def one(line: bytes) -> dict[str, Any]:
    (record,) = records_of([line], kind="app", source="app.log")
    found: dict[str, Any] = json.loads(record)
    return found


def test_a_plain_line_is_a_message_with_the_time_at_its_start() -> None:
    found = one(b"2026-11-24 10:00:00,250 started\n")
    assert (found["ts"], found["message"]) == ("2026-11-24T10:00:00.250000Z", "started")
    assert found["type"] == "app"


def test_json_keeps_known_names_and_puts_the_rest_under_fields() -> None:
    found = one(b'{"time": 1764000000, "level": "warn", "msg": "hot", "disk": "sda", "pid": "7"}')
    assert (found["ts"], found["level"], found["message"]) == (
        "2025-11-24T16:00:00Z",
        "warn",
        "hot",
    )
    assert found["fields"] == {"disk": "sda", "pid": "7"}


@pytest.mark.parametrize("line", [b"\xff\xfe", b"[1, 2]", b'{"a": ', b'{"ts": "never"}', b"\x00"])
def test_a_hostile_line_is_a_record_all_the_same(line: bytes) -> None:
    assert set(one(line)) <= set(json_schema()["properties"])


def test_the_same_file_ingested_twice_counts_once() -> None:
    lines = [b"one\n", b"two\n", b"one\n"]
    first, second = (
        [json.loads(r)["event_id"] for r in records_of(lines, kind="app", source="a")]
        for _ in range(2)
    )
    assert first == second
    assert len(set(first)) == 3


def test_empty_lines_are_left_out() -> None:
    assert list(records_of([b"\n", b"  \n"], kind="app", source="a")) == []
