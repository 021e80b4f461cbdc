"""check_gearmang_tasks: functions that fail, slow down or fall silent, by their task records."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from typing import NamedTuple

from nagiosplugin.state import Critical, ServiceState, Unknown

from gearmang.durations import seconds, short
from nagios_checks import phrasing
from nagios_checks.arguments import BadOption, Parser
from nagios_checks.burning import SPANS, Objective, judge_burning, objective_share
from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.readings import Readings
from nagios_checks.rules import FunctionRules
from nagios_checks.shared_options import Chosen, Option, selection
from nagios_checks.task_records import TaskFigures
from nagios_checks.thresholds import (
    BadValue,
    Limits,
    duration_range,
    number_range,
    pair,
    severity,
)

DEFAULT = Limits(number_range("5"), number_range("25"))

# It asks no server.
NEEDS: tuple[str, ...] | None = None


class Times(NamedTuple):
    """The limits for times in seconds: of attempts, of their waits, and since the last one."""

    p95: Limits = Limits()
    wait: Limits = Limits()
    silence: Limits = Limits()


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Alerts on the per cent of attempts that failed within --window (WARNING above 5 and\n"
        "CRITICAL above 25 unless -w or -c is given), on their p95 duration and wait, and on\n"
        "silence. With --slo it alerts on jobs that died or came late, where they use up what\n"
        "the objective allows too fast: CRITICAL at 14.4 times over 1h and 5m, WARNING at 6\n"
        "times over 6h and 30m. -w and -c have no defaults then.\n"
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
                "--wait",
                "RANGE,RANGE",
                "WARNING and CRITICAL ranges for the wait that 95 % of attempts keep to",
                pair(duration_range),
                Limits(),
            ),
            Option(
                "--slo",
                "PERCENT",
                "the objective: so many jobs in a hundred are good",
                objective_share,
            ),
            Option(
                "--good-within",
                "DURATION",
                "good is a job that came to a good end so soon after its submission (30s)",
                seconds,
                30.0,
            ),
            Option(
                "--least-bad",
                "N",
                "fewer bad jobs in the long window are no alert (5)",
                _count,
                5,
            ),
            Option(
                "--minutes",
                "FILE",
                "the jobs by minute, kept from run to run (RECORDS/tasks.minutes)",
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
    if chosen.slo is None:
        return judge_attempts(chosen, readings, path, DEFAULT)
    functions = selection(chosen, Limits())
    aim = Objective(chosen.slo, chosen.good_within, chosen.least_bad)
    file = chosen.minutes or os.path.join(path, "tasks.minutes")  # noqa: PTH118  # it is text
    if not chosen.minutes and os.path.isfile(path):  # noqa: PTH113  # as above
        file = f"{path}.minutes"
    rolled = readings.minutes(path, file, aim.within)
    if isinstance(rolled, Finding):
        return Report([rolled], "")
    counted = rolled.minutes.judged(aim.within, SPANS, readings.now)
    findings = list(judge_burning(counted, functions, aim))
    jobs = sum(found[-1][0] for name, found in counted.items() if functions.rule(name))
    fine = f"{phrasing.plural(round(jobs), 'job')} of "
    fine += f"{phrasing.plural(len(findings), 'function')} within {short(SPANS[-1])}"
    told = (f"not kept for the next run: {rolled.unkept}; see --minutes",) if rolled.unkept else ()
    if any((chosen.expect, _limited(chosen))):
        more = judge_attempts(chosen, readings, path, Limits())
        findings, fine = findings + more.findings, f"{fine}, and {more.fine}"
    else:
        findings += judge_absent(counted, functions, (), short(SPANS[-1]))
    nothing = Finding(Unknown, f"no job was recorded within {short(SPANS[-1])}")
    return Report(findings or [nothing], fine, told)


def judge_attempts(chosen: Chosen, readings: Readings, path: str, default: Limits) -> Report:
    """Judge the attempts of the window: failures, durations, waits, silence."""
    bare = chosen.warning is None and chosen.critical is None
    functions = selection(chosen, default if bare else Limits())
    figures = readings.records(path, chosen.window)
    if isinstance(figures, Finding):
        return Report([figures], "")
    window = short(chosen.window)
    clocks = Times(chosen.p95, chosen.wait, chosen.silence)
    findings = [
        *judge_functions(figures, functions, clocks, readings.now),
        *judge_absent(figures, functions, chosen.expect, window),
    ]
    attempts = sum(figure.attempts for name, figure in figures.items() if functions.rule(name))
    fine = f"{phrasing.plural(attempts, 'attempt')} of "
    fine += f"{phrasing.plural(len(findings), 'function')} within {window}"
    return Report(findings or [Finding(Unknown, f"no task was recorded within {window}")], fine)


def judge_functions(
    figures: dict[str, TaskFigures],
    functions: FunctionRules,
    clocks: Times,
    now: float,
) -> Iterator[Finding]:
    """Judge the selected functions that have records, by name."""
    for name in sorted(figures):
        limits = functions.limits(name)
        if limits is not None:
            yield judge_function(name, figures[name], limits, clocks, now)


def judge_function(
    name: str, figure: TaskFigures, limits: Limits, clocks: Times, now: float
) -> Finding:
    """Judge one function by its failure rate, its p95 duration and wait, and its last record."""
    rate, slow, quiet = figure.failure_rate, figure.p95, max(0.0, now - figure.last)
    of = f"{figure.failures} of {phrasing.plural(figure.attempts, 'attempt')}"
    phrases = [f"{phrasing.shown(name)} failed in {rate:.3g}% ({of}){_limit(limits, rate, '%')}"]
    verdict: ServiceState = limits.judge(rate)
    series = [
        Measurement(name, rate, "failed", "%", limits.warning, limits.critical, additive=False),
        Measurement(name, slow, "p95", "s", *clocks.p95, additive=False),
        Measurement(name, figure.attempts, "attempts"),
    ]
    waited = figure.p95_wait
    for value, judged_by, says in (
        (slow, clocks.p95, "p95 is"),
        (waited, clocks.wait, "95% waited at most"),
        (quiet, clocks.silence, "silent for"),
    ):
        if value is not None:
            phrases.append(f"{says} {short(value)}{_limit(judged_by, value)}")
            verdict = max(verdict, judged_by.judge(value), key=severity)
    if waited is not None:
        series.append(Measurement(name, waited, "wait", "s", *clocks.wait, additive=False))
    elif clocks.wait != Limits():
        verdict = max(verdict, Unknown, key=severity)
        phrases.append("its records do not tell how long its jobs waited")
    return Finding(verdict, ", ".join(phrases), weight=rate, series=tuple(series))


def judge_absent(
    figures: Container[str],
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


def _limited(chosen: Chosen) -> bool:
    """Whether anything but the objective is to be judged."""
    limits = (chosen.p95, chosen.wait, chosen.silence)
    return bool(chosen.warning or chosen.critical or any(one != Limits() for one in limits))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) >= 1):
        raise BadValue(f"{text!r} is no count; write a number from 1 on")
    return int(text)
