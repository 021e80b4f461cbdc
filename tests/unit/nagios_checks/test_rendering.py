"""Findings as the output of a Nagios plugin."""

from __future__ import annotations

from nagiosplugin.state import Critical, Ok, Unknown, Warn

from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.rendering import Style, render, unknown
from nagios_checks.thresholds import number_range


def finding(name: str, state: object = Ok, weight: float = 0, server: str = "gm1:4730") -> Finding:
    return Finding(state, f"{name} is so", server, weight, (Measurement(name, 1),))


def lines(*findings: Finding, **style: object) -> list[str]:
    report = Report(list(findings), "all is fine")
    return render("gearmang_x", report, Style(plain="gm1:4730", **style)).output.splitlines()  # type: ignore[arg-type]  # options of a test


def test_all_ok_is_the_reports_own_sentence() -> None:
    assert lines(finding("a")) == ["GEARMANG_X OK - all is fine | a=1;;;0"]


def test_the_worst_comes_first_then_the_heaviest() -> None:
    (line,) = lines(
        finding("light", Critical, 1),
        finding("warned", Warn, 9),
        finding("heavy", Critical, 5),
        finding("fine", Ok, 99),
        finding("odd", Unknown),
        perfdata=False,
    )
    assert line == (
        "GEARMANG_X CRITICAL - heavy is so on gm1:4730, and light is so, and odd is so, "
        "and warned is so"
    )


def test_a_server_is_named_where_it_changes() -> None:
    (line,) = lines(
        finding("a", Warn, 3, "gm1:4730"),
        finding("b", Warn, 2, "gm2:4730"),
        finding("c", Warn, 1, "gm2:4730"),
        perfdata=False,
    )
    assert line.endswith("a is so on gm1:4730, and b is so on gm2:4730, and c is so")


def test_an_unreadable_server_does_not_hide_a_critical_queue() -> None:
    outcome = render(
        "gearmang_x", Report([finding("a", Unknown), finding("b", Critical)], ""), Style()
    )
    assert outcome.code == 2


def test_the_first_line_does_not_grow_without_end() -> None:
    (line,) = lines(*(finding(f"f{number}", Critical) for number in range(100)), perfdata=False)
    assert line.endswith(", and 92 more")
    assert line.count(" is so") == 8


def test_the_rest_is_summed_where_a_sum_makes_sense() -> None:
    findings = [
        Finding(
            Ok, "x", series=(Measurement("f", 2), Measurement("f", 50, "busy", "%", additive=False))
        )
        for _ in range(3)
    ]
    output = render("gearmang_x", Report(findings, "fine"), Style(limit=1)).output
    assert output.rstrip().endswith("| f=2;;;0 'f--busy'=50%;;;0 _others=4;;;0")


def test_a_failed_server_shifts_no_series_out_of_the_perfdata() -> None:
    failed = Finding(Critical, "gm2:4730 refused the connection")
    style = Style(limit=1, plain="gm1:4730")
    output = render("gearmang_x", Report([failed, finding("a")], ""), style).output
    assert output.endswith("| a=1;;;0\n")


def test_what_alarms_has_its_series_whatever_the_limit() -> None:
    findings = [finding("a"), finding("b"), finding("c", Critical), finding("d", Critical, 9)]
    (line,) = lines(*findings, limit=1)
    assert line.endswith(" | d=1;;;0 _others=3;;;0")
    (line,) = lines(*findings, limit=3)
    assert line.endswith(" | a=1;;;0 c=1;;;0 d=1;;;0 _others=1;;;0")


def test_a_second_server_renames_no_series_of_the_first() -> None:
    both = [finding("a"), finding("a", server="gm2:4730")]
    (line,) = lines(*both)
    first, second = line.partition(" | ")[2].split(" ")
    assert first == "a=1;;;0"
    assert second == "'a--at-gm2-4730'=1;;;0"
    stable = render("x", Report(both[:1], "fine"), Style(plain=None)).output
    assert "'a--at-gm1-4730'=1;;;0" in stable


def test_output_is_cut_between_series_never_inside_one() -> None:
    findings = [finding(f"function{number}") for number in range(20)]
    whole = lines(*findings, verbose=1)
    for most in range(200, 1500, 7):
        output = render(
            "gearmang_x",
            Report(findings, "all is fine"),
            Style(plain="gm1:4730", verbose=1, most_bytes=most),
        ).output
        assert len(output.encode()) <= most
        series = output.partition("| ")[2].split()
        assert series == whole[-1].split()[1 : 1 + len(series)]


def test_a_first_line_that_is_too_long_is_cut_at_a_character() -> None:
    (line,) = lines(finding("é" * 300, Critical), most_bytes=201, perfdata=False)
    assert line.endswith("é…")


def test_limits_are_in_the_perfdata() -> None:
    series = Measurement("f", 2.5, "", "s", number_range("1:2"), number_range("@5"))
    output = render("gearmang_x", Report([Finding(Ok, "x", series=(series,))], "fine"), Style())
    assert output.output.rstrip().endswith("| f=2.5s;1:2;@5;0")


def test_what_is_quoted_starts_no_perfdata_and_no_line() -> None:
    odd = Finding(Critical, "it says 'a|b\nc'")
    assert lines(odd, verbose=1) == [
        "GEARMANG_X CRITICAL - it says 'a\\x7cb c'",
        "CRITICAL: it says 'a\\x7cb c'",
    ]


def test_a_check_that_judged_nothing_is_unknown() -> None:
    assert render("gearmang_x", Report([], "fine"), Style()).code == 3


def test_a_problem_is_one_line_whatever_it_holds() -> None:
    outcome = unknown("gearmang_x", "a | b\nc")
    assert outcome.output == "GEARMANG_X UNKNOWN - a \\x7c b c\n"


def test_an_ok_that_was_asked_for_says_that_nothing_was_read() -> None:
    unread = Finding(Ok, "gm2:4730 gave no answer", read=False)
    assert lines(unread) == ["GEARMANG_X OK - gm2:4730 gave no answer, and nothing was read"]
    (line,) = lines(unread, finding("a"), perfdata=False)
    assert line == "GEARMANG_X OK - gm2:4730 gave no answer, and all is fine"
