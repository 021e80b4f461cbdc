"""check_gearmang_uptime: workers that outlive their lifetime, because they hang or leak."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nagiosplugin.state import Critical, ServiceState, Unknown, Warn

from gearmang.durations import short
from gearmang.protocol import Peer
from gearmang.watch.poll import Snapshot
from nagios_checks.ages import WorkerAge, by_id, judge_workers
from nagios_checks.arguments import BadOption, Parser
from nagios_checks.findings import Finding, Report
from nagios_checks.phrasing import shown
from nagios_checks.readings import Readings, targets
from nagios_checks.rules import FunctionRules
from nagios_checks.shared_options import Chosen, Option, missing, selection
from nagios_checks.survey import survey, unmatched
from nagios_checks.thresholds import BadValue, Limits, duration_range, state

# For a check that is called without -w and -c: a worker of gearmang lives 5 minutes.
DEFAULT = Limits(duration_range("10m"), duration_range("1h"))
SOURCES = ("gearmand", "processes", "seen")
DEFAULT_PATTERN = "gearmang work "
DEFAULT_STATE = "/var/lib/gearmang/checks/seen_workers.json"

# What it asks of every server, beyond the functions.
NEEDS: tuple[str, ...] | None = ("workers",)


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Alerts on the oldest worker of each function (WARNING above 10m and CRITICAL above 1h\n"
        "unless -w or -c is given), and on workers whose age cannot be told. An age comes from\n"
        "  gearmand   the id that a worker shows there: NAME@HOST:PID+START (the default)\n"
        "  processes  the processes of this host whose command line fits --pattern\n"
        "  seen       when an earlier run of this check first saw the connection (--state)",
        "-H gm1 -w 10m -c 1h30m",
        duration_range,
        (
            Option("--source", "NAME", "where ages come from, see above", _source, "gearmand"),
            Option(
                "--pattern",
                "REGEX",
                f"found in the command lines of workers ({DEFAULT_PATTERN!r})",
                default=DEFAULT_PATTERN,
            ),
            Option("--state", "FILE", f"({DEFAULT_STATE})", default=DEFAULT_STATE),
            Option(
                "--unreadable",
                "STATE",
                "the state of workers whose age cannot be told (WARNING); OK where plain "
                "libgearman workers are meant to be there",
                state,
                Warn,
            ),
            missing(Unknown),
        ),
    )


def judge(chosen: Chosen, readings: Readings) -> Report:
    """Judge the workers of every selected function on every server, or those of this host."""
    bare = chosen.warning is None and chosen.critical is None
    functions = selection(chosen, DEFAULT if bare else Limits())
    if chosen.source == "processes":
        return judge_processes(chosen.pattern, functions.default)
    if chosen.source == "seen":
        return _judge_seen(chosen, functions, readings)

    def judge_server(snapshot: Snapshot) -> Iterator[Finding]:
        return judge_connections(
            snapshot,
            functions,
            lambda one: by_id(one, readings.now),
            chosen.unreadable,
            chosen.missing,
        )

    return _judge_servers(chosen, functions, readings, judge_server)


def judge_connections(
    snapshot: Snapshot,
    functions: FunctionRules,
    worker: Callable[[Peer], WorkerAge],
    unreadable: ServiceState = Warn,
    missing: ServiceState = Unknown,
) -> Iterator[Finding]:
    """Judge the workers of one server, function by function.

    Args:
        snapshot: the server.
        functions: which functions, and their limits.
        worker: tells the age of a worker.
        unreadable: the state of workers without one.
        missing: the state where there is no worker at all.
    """
    by_function: dict[str, list[WorkerAge]] = {}
    for connection in snapshot.connections:
        served = [name for name in set(connection.functions) if functions.rule(name)]
        if served:
            found = worker(connection)
            for name in served:
                by_function.setdefault(name, []).append(found)
    for name in sorted(by_function):
        limits = functions.limits(name) or functions.default
        yield judge_workers(name, by_function[name], limits, unreadable)
    if not by_function:
        yield Finding(missing, "no worker whose age could be judged")


def judge_processes(pattern: str, limits: Limits) -> Report:
    """Judge the processes of this host whose command line the pattern is found in.

    Raises:
        BadOption: the pattern is no regular expression.
    """
    import re

    from nagios_checks import processes

    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise BadOption(f"--pattern: {pattern!r} is no regular expression: {error}") from None
    try:
        found = processes.workers(compiled)
    except processes.NoProcesses as error:
        return Report([Finding(Critical, str(error))], "")
    if not found:
        return Report([Finding(Unknown, f"no process has {shown(pattern)!r} in its command")], "")
    finding = judge_workers(pattern.strip(), found, limits)
    return Report([finding], finding.text)


def _judge_seen(chosen: Chosen, functions: FunctionRules, readings: Readings) -> Report:
    from nagios_checks import seen

    try:
        with seen.state(chosen.state, readings.deadline) as known:

            def judge_server(snapshot: Snapshot) -> Iterator[Finding]:
                server = str(snapshot.server)
                times = seen.update(known.get(server, {}), snapshot, readings.now)
                known[server] = times

                def worker(connection: Peer) -> WorkerAge:
                    since = times[seen.name_of(snapshot.pid, connection)]
                    who = f"{connection.client_id} at {connection.host}"
                    return WorkerAge(who, readings.now - since)

                return judge_connections(
                    snapshot, functions, worker, chosen.unreadable, chosen.missing
                )

            return _judge_servers(chosen, functions, readings, judge_server)
    except seen.BadState as error:
        return Report([Finding(Critical, str(error))], "")


def _judge_servers(
    chosen: Chosen,
    functions: FunctionRules,
    readings: Readings,
    judge_server: Callable[[Snapshot], Iterator[Finding]],
) -> Report:
    seen = survey(readings.poll(targets(chosen), workers=True), readings, judge_server)
    findings = seen.findings + (
        unmatched(functions, chosen.missing, what="worker") if seen.snapshots else []
    )
    ages = [series.value for found in findings for series in found.series]
    if ages:
        fine = f"the oldest worker is {short(max(ages))} old on {seen.where}"
    else:
        fine = f"no worker whose age could be judged on {seen.where}"
    return Report(findings, fine, seen.diagnostics)


def _source(text: str) -> str:
    if text not in SOURCES:
        raise BadValue(f"{text!r} is none of {', '.join(SOURCES)}")
    return text
