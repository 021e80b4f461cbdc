"""Queries and forms: text that may be anything."""

import pytest

from gearmang.web.query import BadQuery, link, number, pairs_of, quoted


def test_a_name_that_is_no_text_survives_a_link() -> None:
    odd = b"a/\xff&=#?".decode("utf-8", "surrogateescape")
    assert pairs_of(link("/function", name=odd).partition("?")[2]) == [("name", odd)]


def test_a_link_leaves_out_what_is_not_given() -> None:
    assert link("/letters", function="a b", error=None, grep="") == "/letters?function=a%20b"


def test_a_quoted_value_ends_no_attribute() -> None:
    assert not set("\"'<>&/:") & set(quoted("\"'<>&/:"))


@pytest.mark.parametrize("text", ["x", "nan", "inf", "-1", "1e999", ""])
def test_a_number_that_is_none_is_told(text: str) -> None:
    with pytest.raises(BadQuery, match="rate"):
        number({"rate": text}, "rate", least=0)


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(BadQuery):
        pairs_of("&".join("a=1" for _ in range(3_000)))
