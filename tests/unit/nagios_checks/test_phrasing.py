"""Names, numbers and limits in output that Nagios reads."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagios_checks.phrasing import label, limit, number, shown, threshold
from nagios_checks.thresholds import number_range

LABEL = re.compile(r"[^'=|\n]{1,60}")
NAMES = st.binary(max_size=400).map(lambda name: name.decode("utf-8", "surrogateescape"))


@given(NAMES)
def test_any_name_makes_a_valid_label(name: str) -> None:
    assert LABEL.fullmatch(label(name, "busy", "gm1:4730"))


@given(st.lists(NAMES, min_size=2, max_size=20, unique=True))
def test_no_two_names_share_the_first_19_characters_of_a_label(names: list[str]) -> None:
    assert len({label(name)[:19] for name in names}) == len(names)


def test_a_short_and_harmless_name_is_its_own_label() -> None:
    assert label("resize") == "resize"
    assert label("resize", "busy") == "resize busy"
    assert label("resize", server="gm1:4730") == "resize@gm1:4730"


@pytest.mark.parametrize("name", ["arrived", "kept", "_others"])
def test_no_function_is_taken_for_a_sum(name: str) -> None:
    assert label(name) != label(name, of_all=True) == name


def test_names_that_are_cleaned_alike_stay_apart() -> None:
    assert label("a=b") != label("a'b")


@given(NAMES)
def test_a_shown_name_is_one_line_without_controls(name: str) -> None:
    text = shown(name)
    assert not {unicodedata.category(character) for character in text} & {"Cc", "Cs", "Zl", "Zp"}
    assert 0 < len(text.encode()) <= 64


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
