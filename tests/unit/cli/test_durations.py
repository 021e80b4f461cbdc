"""Spans of time as people read them."""

import pytest

from gearmang.cli.durations import short


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"), (0, "0s"), (59.9, "59s"), (60, "1m00s"), (3_599, "59m59s"),
        (3_600, "1h00m"), (86_399, "23h59m"), (86_400, "1d00h"), (100 * 86_400, "100d00h"),
    ],
)  # fmt: skip
def test_two_units_at_most(seconds: float | None, text: str) -> None:
    assert short(seconds) == text
