"""Names, numbers and limits in output that Nagios reads."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagios_checks.phrasing import limit, number, shown, threshold
from nagios_checks.thresholds import number_range

NAMES = st.binary(max_size=400).map(lambda name: name.decode("utf-8", "surrogateescape"))


@given(NAMES)
def test_a_shown_name_is_one_line_without_controls(name: str) -> None:
    text = shown(name)
    assert not {unicodedata.category(character) for character in text} & {"Cc", "Cs", "Zl", "Zp"}
    assert 0 < len(text.encode()) <= 64


def test_a_long_name_keeps_both_its_ends() -> None:
    text = shown("bundle::" + "x" * 80 + "::resize")
    assert text.startswith("bundle::xxx")
    assert text.endswith("xxx::resize")


@given(st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers())
def test_numbers_have_no_exponent(value: float) -> None:
    assert re.fullmatch(r"-?\d+(\.\d+)?", number(value))


@pytest.mark.parametrize(
    ("text", "words", "perfdata"),
    [
        ("500", "500", "500"),
        ("1:", "at least 1", "1:"),
        ("5:10", "5 to 10", "5:10"),
        ("~:10", "10", "~:10"),
        ("@5:10", "not 5 to 10", "@5:10"),
        ("@0:10", "not 0 to 10", "@10"),
        ("0.00001", "0.00001", "0.00001"),
    ],
)
def test_limits_in_words_and_in_perfdata(text: str, words: str, perfdata: str) -> None:
    assert limit(number_range(text)) == words
    assert threshold(number_range(text)) == perfdata
