"""check_gearmang_queues: too many jobs in a queue, or jobs that wait where nobody works."""

from __future__ import annotations

from collections.abc import Iterator

from nagiosplugin.state import Critical, Ok, ServiceState, Unknown

from gearmang.protocol import FunctionStatus
from gearmang.watch.poll import Snapshot
from nagios_checks import phrasing
from nagios_checks.arguments import Parser
from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.readings import Readings, targets
from nagios_checks.shared_options import SUM, Chosen, Option, missing, selection
from nagios_checks.survey import survey, unmatched
from nagios_checks.thresholds import BadValue, Limits, number_range, severity, state

METRICS = ("waiting", "running", "total")

# What it asks of every server, beyond the functions.
NEEDS: tuple[str, ...] | None = ()


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Alerts on functions with too many jobs, and on jobs that wait without any worker.",
        "-H gm1 -H gm2 -w 100 -c 500 --function 'mail*=1000,5000' --function '*'",
        number_range,
        (
            Option(
                "--metric",
                "NAME",
                "what is counted: waiting (total - running), running or total (waiting)",
                _metric,
                "waiting",
            ),
            Option(
                "--no-workers",
                "STATE",
                "the state when jobs wait and no worker is registered (CRITICAL)",
                state,
                Critical,
            ),
            missing(Unknown),
            SUM,
        ),
    )


def judge(chosen: Chosen, readings: Readings) -> Report:
    """Judge every selected function on every server."""
    functions = selection(chosen, default=Limits())

    waiting = 0

    def judge_server(snapshot: Snapshot) -> Iterator[Finding]:
        nonlocal waiting
        for status, limits in functions.among(snapshot.functions):
            waiting += status.waiting
            yield judge_queue(status, limits, chosen.metric, chosen.no_workers)

    answers = readings.poll(targets(chosen))
    seen = survey(answers, readings, judge_server, summed=bool(chosen.sum))
    findings = seen.findings + (unmatched(functions, chosen.missing) if seen.snapshots else [])
    fine = f"{phrasing.plural(seen.judged, 'queue')}, {waiting} waiting on {seen.where}"
    if not findings and not any(snapshot.functions for snapshot in seen.snapshots):
        # A gearmand that knows no function has no queue that could be too long.
        findings = [Finding(Ok, "no function is known")]
    return Report(findings, fine, seen.diagnostics)


def judge_queue(
    status: FunctionStatus, limits: Limits, metric: str, no_workers: ServiceState
) -> Finding:
    """Judge one queue.

    Args:
        metric: which of `METRICS` the limits are for.
        no_workers: the state when jobs wait and no worker is registered.
    """
    value: int = getattr(status, metric)
    verdict = limits.judge(value)
    text = f"{phrasing.shown(status.name)} has {value} {'jobs' if metric == 'total' else metric}"
    broken = limits.broken(value)
    if broken is not None:
        text += f" (limit {phrasing.limit(broken)})"
    if status.waiting > 0 and status.workers == 0:
        text += (
            " and no workers" if metric == "waiting" else f", {status.waiting} waiting, no workers"
        )
        verdict = max(verdict, no_workers, key=severity)
    series = Measurement(status.name, value, warning=limits.warning, critical=limits.critical)
    return Finding(verdict, text, weight=value, series=(series,))


def _metric(text: str) -> str:
    if text not in METRICS:
        raise BadValue(f"{text!r} is none of {', '.join(METRICS)}")
    return text
