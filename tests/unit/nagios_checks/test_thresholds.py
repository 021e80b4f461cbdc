"""Ranges and durations, as the Monitoring Plugins guidelines have them."""

from __future__ import annotations

import pytest
from nagiosplugin.state import Critical, Ok, Unknown, Warn

from nagios_checks.thresholds import (
    BadValue,
    Limits,
    duration_range,
    number_range,
    pair,
    severity,
    state,
)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("10", [0, 10], [-1, 10.1]),
        ("10:", [10, 99], [9]),
        ("~:10", [-99, 10], [11]),
        ("5:10", [5, 10], [4, 11]),
        ("@5:10", [4, 11], [5, 10]),
        ("@0", [1], [0]),
        ("-5:5", [-5], [-6]),
        ("0.5:1.5", [0.5, 1.5], [0.49, 1.51]),
    ],
)
def test_a_range_holds_what_it_says(text: str, inside: list[float], outside: list[float]) -> None:
    kept = number_range(text)
    assert all(value in kept for value in inside)
    assert not any(value in kept for value in outside)


@pytest.mark.parametrize("text", ["", ":", "@", "ten", "1e3", "10%", "5:1", "1:2:3", "nan", "¹"])
def test_what_is_no_range_is_named(text: str) -> None:
    with pytest.raises(BadValue, match="range"):
        number_range(text)


def test_a_range_of_durations_is_in_seconds() -> None:
    kept = duration_range("1m:1h30m")
    assert (kept.start, kept.end) == (60, 5400)
    assert duration_range("500ms").end == 0.5


@pytest.mark.parametrize("text", ["", "s", "10x", "1m1h", "-5s", "1 h", "1e3s", "5m:1s"])
def test_what_is_no_range_of_durations_is_named(text: str) -> None:
    with pytest.raises(BadValue, match="range"):
        duration_range(text)


def test_critical_is_judged_before_warning() -> None:
    limits = Limits(number_range("5"), number_range("10"))
    assert [limits.judge(value) for value in (5, 6, 11)] == [Ok, Warn, Critical]
    assert limits.broken(11) == number_range("10")
    assert limits.broken(5) is None


def test_limits_that_were_not_given_are_kept_by_all() -> None:
    assert Limits().judge(10**9) == Ok


@pytest.mark.parametrize("text", ["5,10", "5,", ",10"])
def test_either_of_a_pair_may_be_left_out(text: str) -> None:
    limits = pair(number_range)(text)
    assert limits.judge(11) != Ok


def test_a_pair_of_nothing_is_refused() -> None:
    with pytest.raises(BadValue):
        pair(number_range)(",")


def test_a_state_that_is_known_to_be_bad_outranks_unknown() -> None:
    assert sorted([Critical, Ok, Unknown, Warn], key=severity) == [Ok, Warn, Unknown, Critical]


def test_a_state_is_read_in_any_case() -> None:
    assert state("critical") == Critical
    with pytest.raises(BadValue):
        state("bad")
