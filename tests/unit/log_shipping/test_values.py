"""Any value is recorded as well as it can be, and none hurts the worker."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import pathlib
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from log_shipping import record
from tests.unit.log_shipping.conftest import Written


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: int


class NoRepr:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class Liar(dict[str, int]):
    def items(self) -> Any:
        raise RuntimeError("no items")


def cycle() -> list[Any]:
    made: list[Any] = [1]
    made.append(made)
    return made


def deep(levels: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(levels):
        made = [made]
    return made


@pytest.mark.parametrize(
    ("value", "recorded"),
    [
        (b"caf\xc3\xa9 \xff", "café \\xff"),
        (bytearray(b"ab"), "ab"),
        (memoryview(b"ab"), "ab"),
        (decimal.Decimal("1.10"), "1.10"),
        (fractions.Fraction(1, 3), "1/3"),
        (
            datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
            "2026-01-02T03:04:05Z",
        ),
        (datetime.timedelta(seconds=90), "0:01:30"),
        (float("nan"), None),
        (float("inf"), None),
        (10**40, 10**40),
        (-(2**63) - 1, -(2**63) - 1),
        ("\ud800", "\\ud800"),
        ({("a", 1): 2, 3: 4}, {"('a', 1)": 2, "3": 4}),
        ({1, 2}, [1, 2]),
        ((1, 2), [1, 2]),
        (Colour.RED, "red"),
        (Point(1, 2), {"x": 1, "y": 2}),
        (pathlib.Path("/tmp/x"), "/tmp/x"),  # noqa: S108  # only a name
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (cycle(), [1, "<cycle>"]),
        (NoRepr(), "<NoRepr: its text raised RuntimeError>"),
        ([NoRepr(), 10**40], ["<NoRepr: its text raised RuntimeError>", 10**40]),
        (range(3), [0, 1, 2]),
        ("x\n\x1b[31m", "x\n\x1b[31m"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_is_recorded(written: Written, value: object, recorded: object) -> None:
    with record("resize") as made:
        made.set("value", value)
    assert written.one()["fields"] == {"value": recorded}


@pytest.mark.parametrize(
    "value",
    [Liar(a=1), deep(2000), 10**5000, object(), len],
    ids=["mapping that raises", "2000 levels", "5000 digits", "object", "function"],
)
def test_a_value_without_any_form_leaves_the_record_whole(written: Written, value: object) -> None:
    with record("resize") as made:
        made.set("value", value)
        made.set("kept", 1)
    found = written.one()
    assert found["outcome"] == "success"
    assert found["fields"]["kept"] == 1


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.binary()
    | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=json_like)
def test_whatever_a_task_sets_one_line_is_written(written: Written, value: object) -> None:
    before = len(written.lines())
    with record("resize") as made:
        made.set("value", value)
    assert len(written.all()) == before + 1
