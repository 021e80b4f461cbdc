"""Rows of text under their heads."""

from gearmang.cli.columns import columns


def test_text_stands_left_and_numbers_right() -> None:
    rows = [["resize", 5, "up"], ["a-long-name", 12345, "lost"]]
    assert list(columns(["function", "waiting", "state"], rows, right=1)) == [
        "function     waiting  state",
        "resize             5  up",
        "a-long-name    12345  lost",
    ]


def test_unknown_is_a_dash_and_nothing_is_obeyed_by_a_terminal() -> None:
    lines = list(columns(["name", "n"], [["\x1b[2J", None]], right=1))
    assert lines == [r"name     n", r"\x1b[2J  -"]


def test_without_rows_there_are_the_heads() -> None:
    assert list(columns(["name", "n"], [], right=1)) == ["name  n"]
