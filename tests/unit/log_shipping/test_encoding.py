"""Records that are too long."""

from __future__ import annotations

import json

import log_shipping
from log_shipping import record
from tests.unit.log_shipping.conftest import Written


def test_a_long_record_is_cut_below_the_limit_and_marked(written: Written) -> None:
    with record("resize", handle="H:gm1:1") as made:
        made.set("text", "x" * 50_000)
        made.set("short", 1)
    found = written.one()
    assert len(written.lines()[0]) <= 8000
    assert found["truncated"] is True
    assert found["handle"] == "H:gm1:1"
    assert found["fields"]["short"] == 1
    assert found["fields"]["text"].startswith("xxx")


def test_a_record_of_too_many_fields_keeps_the_first_and_counts_the_rest(written: Written) -> None:
    with record("resize") as made:
        made.set(**{f"field{number}": number for number in range(5000)})
    found = written.one()
    assert found["truncated"] is True
    assert found["outcome"] == "success"
    kept = list(found["fields"])
    assert kept == [f"field{number}" for number in range(len(kept))]
    assert found["left_out"] == 5000 - len(kept)
    assert 7900 < len(written.lines()[0]) <= 8000


def test_too_many_nested_fields_keep_the_first_as_well(written: Written) -> None:
    with record("resize") as made:
        made.set("first", 1)
        made.set("image", **{f"field{number}": number for number in range(5000)})
        made.set("last", 2)
    found = written.one()
    kept = found["fields"]["image"]
    assert list(kept) == [f"field{number}" for number in range(len(kept))]
    assert len(kept) > 100
    assert found["fields"]["first"] == 1
    assert found["left_out"] == 5002 - len(kept) - len(set(found["fields"]) - {"image"})


def test_a_limit_below_the_core_still_gives_a_line(written: Written) -> None:
    log_shipping.configure(path=written.folder, max_bytes=100, sigterm=False)
    with record("resize") as made:
        made.set("text", "x" * 500)
    (line,) = written.lines()
    assert len(line) <= 100
    assert json.loads(line)["truncated"] is True


def test_a_long_stack_keeps_its_innermost_call(written: Written) -> None:
    def sink(depth: int) -> None:
        if depth:
            sink(depth - 1)
        else:
            raise ValueError("x" * 20_000)

    try:
        with record("resize"):
            sink(200)
    except ValueError:
        pass
    found = written.one()
    assert len(written.lines()[0]) <= 8000
    assert found["error_type"] == "ValueError"


def test_the_limit_is_kept_in_other_profiles_too(written: Written) -> None:
    log_shipping.configure(path=written.folder, profile="otel", sigterm=False)
    with record("resize") as made:
        made.set(**{f"field{number}": "y" * 100 for number in range(500)})
    (line,) = written.lines()
    assert len(line) <= 8000
    assert json.loads(line)["truncated"] is True
