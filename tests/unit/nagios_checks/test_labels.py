"""Perfdata labels that no reader rewrites."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagios_checks.labels import label

SAFE = re.compile(r"[A-Za-z0-9_-]{1,140}")
NAMES = st.binary(max_size=400).map(lambda name: name.decode("utf-8", "surrogateescape"))
ODD = st.text(st.sampled_from("ab_-.:/~@ =|'2D0f"), max_size=24)


@given(NAMES | ODD)
def test_any_name_makes_a_label_in_the_safe_alphabet(name: str) -> None:
    assert SAFE.fullmatch(label(name, "busy", "gm1.example.org:4730"))


@given(st.lists(NAMES | ODD, min_size=2, max_size=20, unique=True))
def test_no_two_names_share_the_first_19_characters_of_a_label(names: list[str]) -> None:
    assert len({label(name)[:19] for name in names}) == len(names)


@given(st.lists(st.tuples(ODD, st.sampled_from(["", "busy", "kept"])), unique=True, max_size=20))
def test_no_two_series_share_a_label(series: list[tuple[str, str]]) -> None:
    assert len({label(name, quantity) for name, quantity in series}) == len(series)


def test_a_short_and_harmless_name_is_its_own_label() -> None:
    assert label("resize") == "resize"
    assert label("resize", "busy") == "resize--busy"
    assert label("resize", server="gm1:4730") == label("resize", server="gm1:4730")
    assert label("resize", server="gm:4730") == "resize--at-gm-4730"
    assert label("resize", server="gm1.example:4730").endswith("-resize--at-gm1--2Eexample-4730")
    assert label("a", server="[::1]:4730").endswith("a--at---3A--3A1-4730")


@pytest.mark.parametrize("name", ["arrived", "kept", "_others"])
def test_no_function_is_taken_for_a_sum(name: str) -> None:
    assert label(name) != label(name, of_all=True) == name


def test_no_function_is_taken_for_a_checksum() -> None:
    assert label("0123abcd-mail") != "0123abcd-mail"


def test_names_that_readers_would_fuse_stay_apart() -> None:
    names = ["a.b", "a_b", "a:b", "a/b", "a b", "a::b", "a~b", "a@b", "a=b", "a'b", "a-b", "a--b"]
    assert len({label(name) for name in names}) == len(names)


def test_a_long_name_keeps_both_its_ends() -> None:
    text = label("bundle." + "x" * 80 + ".resize")
    assert "-bundle--2E" in text
    assert text.endswith("--2Eresize")
