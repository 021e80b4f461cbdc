"""check_gearmang_workers: functions with too few workers, none at all, or only busy ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nagiosplugin.state import Critical, ServiceState

from gearmang.watch.poll import Snapshot
from nagios_checks import phrasing
from nagios_checks.arguments import Parser
from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.pools import Pool, pools
from nagios_checks.readings import Readings, targets
from nagios_checks.rules import FunctionRules
from nagios_checks.shared_options import SUM, Chosen, Option, missing, selection
from nagios_checks.survey import survey, unmatched
from nagios_checks.thresholds import Limits, number_range, pair, severity, state

DEFAULT = Limits(critical=number_range("1:"))

# What it asks of every server, beyond the functions.
NEEDS: tuple[str, ...] | None = ("workers",)


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Alerts on functions with too few workers (CRITICAL below 1 unless -c says otherwise),\n"
        "on expected functions that the server does not know, and on workers that are all busy.",
        "-H gm1 -w 4: -c 1: --expect resize --busy 80,95",
        number_range,
        (
            Option(
                "--expect",
                "NAME",
                "CRITICAL when a server does not know this function; repeatable; without "
                "--function only these are judged",
                default=(),
                many=True,
            ),
            Option(
                "--busy",
                "RANGE,RANGE",
                "WARNING and CRITICAL ranges for the per cent of workers that run a job",
                pair(number_range),
            ),
            Option(
                "--idle",
                "STATE",
                "the state of a function without jobs and workers, which gearmand remembers "
                "until its restart (judged like the others)",
                state,
            ),
            missing(Critical),
            SUM,
        ),
    )


def judge(chosen: Chosen, readings: Readings) -> Report:
    """Judge every selected function on every server."""
    functions = selection(chosen, default=DEFAULT)

    def judge_server(snapshot: Snapshot) -> Iterator[Finding]:
        return judge_snapshot(snapshot, functions, chosen.expect, chosen.busy, chosen.idle)

    answers = readings.poll(targets(chosen), workers=True)
    seen = survey(answers, readings, judge_server, summed=bool(chosen.sum))
    findings = seen.findings + (unmatched(functions, chosen.missing) if seen.snapshots else [])
    total = sum(
        any(functions.rule(name) for name in connection.functions)
        for snapshot in seen.snapshots
        for connection in snapshot.connections
    )
    fine = (
        f"{phrasing.plural(total, 'worker')} for "
        f"{phrasing.plural(seen.judged, 'function')} on {seen.where}"
    )
    return Report(findings, fine, seen.diagnostics)


def judge_snapshot(
    snapshot: Snapshot,
    functions: FunctionRules,
    expected: tuple[str, ...],
    busy: Limits | None,
    idle: ServiceState | None = None,
) -> Iterator[Finding]:
    """Judge the selected functions of one server, by name.

    Args:
        snapshot: the server.
        functions: which functions, and their limits.
        expected: names of functions that the server has to know.
        busy: for the per cent of workers that run a job; None where nobody asked.
        idle: the state of a function without jobs and workers; None: by its limits.

    A worker is a connection: `status` counts one that registered its function twice as two, and
    is believed where a server tells nothing else.
    """
    if snapshot.tells_workers:
        registered = Counter(
            name for connection in snapshot.connections for name in set(connection.functions)
        )
    else:
        registered = Counter({status.name: status.workers for status in snapshot.functions})
    known = {status.name for status in snapshot.functions}
    pool_of = pools(snapshot.functions, snapshot.connections) if busy else {}
    for name in dict.fromkeys(expected):
        if name not in known:
            yield Finding(
                Critical,
                f"{phrasing.shown(name)} is unknown",
                weight=2,
                series=(Measurement(name, 0),),
            )
    for status in sorted(snapshot.functions):
        limits = functions.limits(status.name)
        if limits is None and status.name not in expected:
            continue
        workers = registered[status.name]
        if idle is not None and not workers and not status.total:
            text = f"{phrasing.shown(status.name)} has no jobs and no workers"
            yield Finding(idle, text, series=(Measurement(status.name, 0),))
        else:
            yield judge_function(
                status.name, workers, limits or functions.default, pool_of.get(status.name), busy
            )
    if not known and not expected:
        # A gearmand that was restarted forgets its functions until a worker comes back.
        yield Finding(Critical, "no workers at all: no function is known", weight=2)


def judge_function(
    name: str, workers: int, limits: Limits, pool: Pool | None = None, busy: Limits | None = None
) -> Finding:
    """Judge the workers of one function.

    Args:
        name: the function.
        workers: connections that serve it.
        limits: for the number of workers.
        pool: these workers and those that they share functions with.
        busy: for the per cent of the pool that run a job; None where nobody asked.
    """
    verdict = limits.judge(workers)
    many = phrasing.plural(workers, "worker") if workers else "no workers"
    text = f"{phrasing.shown(name)} has {many}"
    broken = limits.broken(workers)
    if broken is not None:
        text += f" (limit {phrasing.limit(broken)})"
    series = [Measurement(name, workers, warning=limits.warning, critical=limits.critical)]
    if busy is not None and pool is not None:
        verdict = max(verdict, busy.judge(pool.busy), key=severity)
        text += f", {pool.busy:.0f}% busy"
        if len(pool.functions) > 1:
            text += f" in a pool of {pool.workers} for {len(pool.functions)} functions"
        broken = busy.broken(pool.busy)
        if broken is not None:
            text += f" (limit {phrasing.limit(broken)}%)"
        series.append(
            Measurement(name, pool.busy, "busy", "%", busy.warning, busy.critical, additive=False)
        )
    return Finding(verdict, text, weight=1 / (1 + workers), series=tuple(series))
