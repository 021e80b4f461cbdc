"""Hostile text on its way to a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearmang.terminal import clean, clean_lines

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("resize", "resize"),
        ("größe", "größe"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\tb\nc\r", "a\\x09b\\x0ac\\x0d"),
        ("\x9b31m", "\\x9b31m"),
        ("caf\udce9", "caf\\xe9"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_lines_and_tabs_stay_in_text_of_several_lines() -> None:
    assert clean_lines("a\tb\nc\x1b[2J") == "a\tb\nc\\x1b[2J"


@given(ANY_TEXT)
def test_any_text_can_be_shown_and_holds_no_control_character(text: str) -> None:
    shown = clean(text)

    shown.encode("utf-8")
    assert not any(unicodedata.category(character) == "Cc" for character in shown)
