"""check_gearmang_tasks: functions that fail, slow down or fall silent, by their task records."""

from __future__ import annotations

import os
from collections.abc import Iterator

from nagiosplugin.state import Critical, ServiceState, Unknown

from gearmang.durations import seconds, short
from nagios_checks import phrasing
from nagios_checks.arguments import BadOption, Parser
from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.readings import Readings
from nagios_checks.rules import FunctionRules
from nagios_checks.shared_options import Chosen, Option, selection
from nagios_checks.task_records import TaskFigures
from nagios_checks.thresholds import (
    Limits,
    duration_range,
    number_range,
    pair,
    severity,
)

DEFAULT = Limits(number_range("5"), number_range("25"))

# It asks no server.
NEEDS: tuple[str, ...] | None = None


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Alerts on the per cent of attempts that failed within --window (WARNING above 5 and\n"
        "CRITICAL above 25 unless -w or -c is given), on their p95 duration, and on silence.\n"
        "It reads task records; -H, -p and TLS have no effect.",
        "--records /var/log/gearmang -w 1 -c 10 --p95 30s,2m --silence 10m,1h --expect resize",
        number_range,
        (
            Option("--records", "PATH", "a folder of task records, or a file ($GEARMANG_RECORDS)"),
            Option("--window", "DURATION", "how far to look back (1h)", seconds, 3600.0),
            Option(
                "--p95",
                "RANGE,RANGE",
                "WARNING and CRITICAL ranges for the duration that 95 % of attempts keep to",
                pair(duration_range),
                Limits(),
            ),
            Option(
                "--silence",
                "RANGE,RANGE",
                "WARNING and CRITICAL ranges for the time since a function's last record",
                pair(duration_range),
                Limits(),
            ),
            Option(
                "--expect",
                "NAME",
                "CRITICAL when this function has no record within the window; repeatable; "
                "without --function only these are judged",
                default=(),
                many=True,
            ),
        ),
    )


def judge(chosen: Chosen, readings: Readings) -> Report:
    """Judge every selected function of the records; unreadable records are CRITICAL."""
    path = chosen.records or os.environ.get("GEARMANG_RECORDS")
    if not path:
        raise BadOption("say where the task records are: --records PATH or $GEARMANG_RECORDS")
    bare = chosen.warning is None and chosen.critical is None
    functions = selection(chosen, DEFAULT if bare else Limits())
    figures = readings.records(path, chosen.window)
    if isinstance(figures, Finding):
        return Report([figures], "")
    window = short(chosen.window)
    findings = [
        *judge_functions(figures, functions, chosen.p95, chosen.silence, readings.now),
        *judge_absent(figures, functions, chosen.expect, window),
    ]
    attempts = sum(figure.attempts for name, figure in figures.items() if functions.rule(name))
    fine = f"{phrasing.plural(attempts, 'attempt')} of "
    fine += f"{phrasing.plural(len(findings), 'function')} within {window}"
    return Report(findings or [Finding(Unknown, f"no task was recorded within {window}")], fine)


def judge_functions(
    figures: dict[str, TaskFigures],
    functions: FunctionRules,
    p95: Limits,
    silence: Limits,
    now: float,
) -> Iterator[Finding]:
    """Judge the selected functions that have records, by name."""
    for name in sorted(figures):
        limits = functions.limits(name)
        if limits is not None:
            yield judge_function(name, figures[name], limits, p95, silence, now)


def judge_function(
    name: str, figure: TaskFigures, limits: Limits, p95: Limits, silence: Limits, now: float
) -> Finding:
    """Judge one function by its failure rate, its p95 duration and its last record."""
    rate, slow, quiet = figure.failure_rate, figure.p95, max(0.0, now - figure.last)
    of = f"{figure.failures} of {phrasing.plural(figure.attempts, 'attempt')}"
    phrases = [f"{phrasing.shown(name)} failed in {rate:.3g}% ({of}){_limit(limits, rate, '%')}"]
    verdict: ServiceState = limits.judge(rate)
    for value, judged_by, says in ((slow, p95, "p95 is"), (quiet, silence, "silent for")):
        phrases.append(f"{says} {short(value)}{_limit(judged_by, value)}")
        verdict = max(verdict, judged_by.judge(value), key=severity)
    return Finding(
        verdict,
        ", ".join(phrases),
        weight=rate,
        series=(
            Measurement(name, rate, "failed", "%", limits.warning, limits.critical, additive=False),
            Measurement(name, slow, "p95", "s", p95.warning, p95.critical, additive=False),
            Measurement(name, figure.attempts, "attempts"),
        ),
    )


def judge_absent(
    figures: dict[str, TaskFigures],
    functions: FunctionRules,
    expected: tuple[str, ...],
    window: str,
) -> Iterator[Finding]:
    """What should have records within the window and has none."""
    for name in dict.fromkeys([*functions.unmatched(), *expected]):
        if name not in figures:
            yield Finding(
                Critical,
                f"{phrasing.shown(name)} was not recorded within {window}",
                weight=float("inf"),
            )


def _limit(limits: Limits, value: float, unit: str = "") -> str:
    broken = limits.broken(value)
    if broken is None:
        return ""
    text = phrasing.limit(broken) if unit else phrasing.limit(broken, short)
    return f" (limit {text}{unit})"
