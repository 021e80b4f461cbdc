"""Names of functions as names of series: safe everywhere, and never two alike."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearmang.watch.naming import LONGEST, series_name

NAMES = st.text(st.sampled_from("ab-_.:/ X2D") | st.characters(codec="utf-8"), max_size=140)


@pytest.mark.parametrize("name", ["resize", "send-mail", "send_mail", "Image2", "a-b-c_d"])
def test_a_harmless_name_stands_as_it_is(name: str) -> None:
    assert series_name(name) == name


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("image.resize", "image--2Eresize"),
        ("app::Mail", "app--3A--3AMail"),
        ("a/b", "a--2Fb"),
        ("resize busy", "resize--20busy"),
        ("a--b", "a--2D-b"),
        ("a-", "a--2D"),
        ("a-.b", "a--2D--2Eb"),
        ("é", "--C3--A9"),
        ("\udcff", "--FF"),
        ("", "--empty"),
    ],
)
def test_what_a_reader_would_rewrite_is_written_as_its_byte(name: str, written: str) -> None:
    assert series_name(name) == written


@given(NAMES)
def test_a_name_holds_no_character_that_a_reader_rewrites(name: str) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{1,100}", series_name(name))


@given(st.lists(NAMES, unique=True, max_size=40), st.integers(24, 127))
def test_no_two_names_are_written_alike(names: list[str], longest: int) -> None:
    assert len({series_name(name, longest) for name in names}) == len(names)


def test_a_long_name_keeps_both_its_ends() -> None:
    first, second = (series_name(f"bundle.{'x' * 120}.{end}") for end in ("resize", "rotate"))
    assert first != second
    assert first.startswith("bundle--2Exxx")
    assert first.endswith("xxx--2Eresize")
    assert len(first) == LONGEST
