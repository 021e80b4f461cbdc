"""check_gearmang_uptime: workers that outlive their lifetime, because they hang or leak."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from nagiosplugin.state import Ok, ServiceState, Unknown, Warn

from gearmang.admin import Connection
from gearmang.poll import Snapshot
from gearmang.worker_id import WorkerId
from nagios_checks import wording
from nagios_checks.fleet import survey, unmatched
from nagios_checks.options import Chosen, Parser, selection
from nagios_checks.report import Finding, Report, Series
from nagios_checks.selection import Selection
from nagios_checks.sources import Sources, targets
from nagios_checks.thresholds import Limits, duration_range, severity

# For a check that is called without -w and -c: a worker of gearmang lives 5 minutes.
DEFAULT = Limits(duration_range("10m"), duration_range("1h"))
CLOCK_SKEW = 300.0  # seconds that a worker may have started in our future


class Worker(NamedTuple):
    """One worker: who it is, and its age in seconds, None where that cannot be told."""

    who: str
    age: float | None


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Alerts on the oldest worker of each function (WARNING above 10m and CRITICAL above 1h\n"
        "unless -w or -c is given), and on workers whose age cannot be told.",
        "-H gm1 -w 10m -c 1h30m",
        duration_range,
    )


def judge(chosen: Chosen, sources: Sources) -> Report:
    """Judge the workers of every selected function on every server."""
    bare = chosen.warning is None and chosen.critical is None
    functions = selection(chosen, DEFAULT if bare else Limits())

    def judge_server(snapshot: Snapshot) -> Iterator[Finding]:
        return judge_connections(
            snapshot.connections, functions, lambda connection: by_id(connection, sources.now)
        )

    seen = survey(sources.poll(targets(chosen), workers=True), sources, judge_server)
    findings = seen.findings + (unmatched(functions) if seen.snapshots else [])
    return Report(findings, f"{_oldest(findings)} on {seen.where}", seen.diagnostics)


def by_id(connection: Connection, now: float) -> Worker:
    """A worker whose client id says when it started.

    One that starts in the future, by more than clocks may differ, has no age that can be trusted.
    """
    worker = WorkerId.parse(connection.client_id)
    if worker is None or worker.started > now + CLOCK_SKEW:
        who = f"{connection.client_id} at {connection.host}"
        return Worker(who, None)
    return Worker(f"pid {worker.pid} on {worker.host}", worker.age(now))


def judge_connections(
    connections: Iterable[Connection],
    functions: Selection,
    age: Callable[[Connection], Worker],
) -> Iterator[Finding]:
    """Judge the workers of one server, function by function."""
    by_function: dict[str, list[Worker]] = {}
    for connection in connections:
        if connection.functions:
            worker = age(connection)
            for name in set(connection.functions):
                if functions.rule(name):
                    by_function.setdefault(name, []).append(worker)
    for name in sorted(by_function):
        yield judge_function(name, by_function[name], functions.limits(name) or functions.default)
    if not by_function:
        yield Finding(Unknown, "no worker is registered whose age could be judged")


def judge_function(name: str, workers: list[Worker], limits: Limits) -> Finding:
    """Judge the workers of one function by the oldest of them.

    Ages that cannot be told are a WARNING of their own: behind one may be a worker that hangs.
    """
    aged = [(worker.age, worker.who) for worker in workers if worker.age is not None]
    unreadable = [worker for worker in workers if worker.age is None]
    phrases: list[str] = []
    verdict: ServiceState = Ok
    series: tuple[Series, ...] = ()
    if aged:
        age, who = max(aged)
        verdict = limits.judge(age)
        broken = limits.broken(age)
        limit = f" (limit {wording.limit(broken, wording.duration)})" if broken is not None else ""
        phrases.append(
            f"oldest worker of {wording.shown(name)} is {wording.duration(age)} old{limit}: "
            f"{wording.shown(who)}"
        )
        series = (Series(name, int(age), "", "s", limits.warning, limits.critical, additive=False),)
    if unreadable:
        verdict = max(verdict, Warn, key=severity)
        phrases.append(
            f"{wording.plural(len(unreadable), 'worker')} of {wording.shown(name)} without "
            f"a readable id: {wording.shown(unreadable[0].who)}"
        )
    return Finding(verdict, ", ".join(phrases), weight=max(aged)[0] if aged else 0, series=series)


def _oldest(findings: list[Finding]) -> str:
    ages = [series.value for found in findings for series in found.series]
    return f"the oldest worker is {wording.duration(max(ages, default=0))} old"
