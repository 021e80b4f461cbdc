"""Records that are too long."""

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


def test_a_record_of_very_many_fields_keeps_its_core(written: Written) -> None:
    with record("resize") as made:
        made.set(**{f"field{number}": number for number in range(5000)})
    found = written.one()
    assert found["truncated"] is True
    assert found["outcome"] == "success"
    assert "fields" not in found


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
