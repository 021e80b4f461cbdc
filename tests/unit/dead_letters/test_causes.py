"""The bars beside a group."""

from gearmang.dead_letters.looking.causes import sparkline


def test_the_busiest_hour_has_the_highest_bar_and_an_empty_one_a_dot() -> None:
    assert sparkline([0, 1, 50, 100]) == "·▁▄█"


def test_no_arrivals_are_all_dots() -> None:
    assert sparkline([0, 0]) == "··"


def test_a_single_arrival_is_seen() -> None:
    assert sparkline([1, 1_000_000])[0] == "▁"
