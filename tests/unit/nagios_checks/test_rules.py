"""Which functions a check judges, and by which limits."""

from __future__ import annotations

import pytest

from gearmang.protocol import FunctionStatus
from nagios_checks.rules import FunctionRules, Rule
from nagios_checks.thresholds import BadValue, Limits, number_range, pair

DEFAULT = Limits(critical=number_range("100"))
read = Rule.reader(pair(number_range))


def selection(*rules: str, exclude: tuple[str, ...] = ()) -> FunctionRules:
    return FunctionRules(tuple(map(read, rules)), exclude, DEFAULT)


def test_without_rules_every_function_is_judged_by_the_default() -> None:
    assert selection().limits("anything") == DEFAULT


def test_with_rules_only_what_matches_is_judged() -> None:
    chosen = selection("resize", "mail*=1,2")
    assert chosen.limits("resize") == DEFAULT
    assert chosen.limits("mail.de") == read("mail=1,2").limits
    assert chosen.limits("pdf") is None


def test_the_first_rule_that_matches_wins() -> None:
    chosen = selection("mail.de=1,2", "mail*=5,6")
    assert chosen.limits("mail.de") == read("x=1,2").limits
    assert chosen.limits("mail.at") == read("x=5,6").limits


def test_what_is_excluded_is_not_judged_whatever_matches() -> None:
    chosen = selection("*", exclude=("test*",))
    assert chosen.limits("test1") is None
    assert chosen.limits("resize") == DEFAULT


def test_rules_that_matched_nothing_are_told() -> None:
    chosen = selection("resize", "mail*", "nothing*", exclude=("mail.de",))
    for name in ("resize", "mail.de"):
        chosen.rule(name)
    assert chosen.unmatched() == ["nothing*"]


@pytest.mark.parametrize("rules", [("b", "a"), ("b", "[a]"), ()])
def test_functions_are_judged_in_the_order_of_their_names(rules: tuple[str, ...]) -> None:
    known = [FunctionStatus(name, 0, 0, 0) for name in ("b", "a")]
    judged = selection(*rules).among(known)
    assert [status.name for status, _ in judged] == ["a", "b"]


def test_names_are_looked_up_as_they_would_match() -> None:
    known = [FunctionStatus(name, 0, 0, 0) for name in ("a", "b", "c")]
    assert [status.name for status, _ in selection("b", "z").among(known)] == ["b"]


def test_an_equals_sign_in_a_name_is_written_in_brackets() -> None:
    assert read("a[=]b=1,2").glob == "a[=]b"
    assert read("a[=]b") == Rule("a[=]b")
    assert selection("a[=]b").limits("a=b") == DEFAULT


@pytest.mark.parametrize("text", ["", "=1,2", "resize=", "resize=many"])
def test_a_rule_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        read(text)
