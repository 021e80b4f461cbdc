"""Objectives: two windows each, and a least number of bad jobs."""

from __future__ import annotations

import pytest
from nagiosplugin.state import Critical, Ok, Warn

from nagios_checks.burning import Objective, judge_burning, judge_function, objective_share
from nagios_checks.rules import FunctionRules
from nagios_checks.thresholds import BadValue, Limits

AIM = Objective(99.5, 30.0, 5)


def bad(five_minutes: int, half_hour: int, hour: int, six_hours: int) -> list[list[float]]:
    """Of 10, 60, 120 and 720 jobs."""
    return [[10, five_minutes], [60, half_hour], [120, hour], [720, six_hours]]


def test_both_windows_of_an_hour_are_critical() -> None:
    found = judge_function("resize", bad(1, 9, 9, 9), AIM)
    assert found.state == Critical
    assert found.text == (
        "resize: 9 of 120 jobs within 1h died or came late, 15 times what 99.5% within 30s allows "
        "(limit 14.4)"
    )


def test_what_is_over_alerts_no_more() -> None:
    assert judge_function("resize", bad(0, 0, 20, 20), AIM).state == Ok


def test_six_hours_and_half_an_hour_are_a_warning() -> None:
    found = judge_function("resize", bad(0, 2, 4, 25), AIM)
    assert found.state == Warn
    assert "25 of 720 jobs within 6h" in found.text


def test_a_few_bad_jobs_of_a_quiet_night_are_no_alert() -> None:
    quiet: list[list[float]] = [[1, 1], [2, 2], [4, 4], [4, 4]]
    assert judge_function("resize", quiet, AIM).state == Ok
    assert judge_function("resize", quiet, AIM._replace(least=4)).state == Critical


def test_without_jobs_nothing_burns() -> None:
    nothing: list[list[float]] = [[0, 0]] * 4
    assert judge_function("resize", nothing, AIM).state == Ok


def test_the_series_are_how_fast_and_their_limits() -> None:
    fast, slow = judge_function("resize", bad(1, 9, 9, 9), AIM).series
    assert (fast.quantity, round(fast.value, 1), str(fast.critical)) == ("burn-1h", 15.0, "14.4")
    assert (slow.quantity, round(slow.value, 1), str(slow.warning)) == ("burn-6h", 2.5, "6")


def test_functions_that_are_not_selected_are_not_judged() -> None:
    rules = FunctionRules((), ("mail",), Limits())
    found = judge_burning({"mail": bad(9, 9, 9, 9), "resize": bad(0, 0, 0, 0)}, rules, AIM)
    assert [one.text.split(":")[0] for one in found] == ["resize"]


@pytest.mark.parametrize("text", ["99.5", "94", "99.999"])
def test_an_objective_is_per_cent(text: str) -> None:
    assert objective_share(text) == float(text)


@pytest.mark.parametrize("text", ["", "x", "100", "93", "nan", "-1", "101"])
def test_an_objective_with_which_nothing_alerts_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match=r"above 93\.06 and below 100"):
        objective_share(text)
