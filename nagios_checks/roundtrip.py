"""check_gearmang_roundtrip: a job through a real worker and back, as a client would see it."""

from __future__ import annotations

from nagiosplugin.state import Critical, ServiceState

from gearmang.durations import short
from gearmang.watch.poll import Snapshot
from nagios_checks import phrasing
from nagios_checks.arguments import Parser
from nagios_checks.echo import ECHO_FUNCTION
from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.probe import Echo, exchange
from nagios_checks.readings import Readings, targets
from nagios_checks.shared_options import Chosen, Option, selection
from nagios_checks.survey import survey
from nagios_checks.thresholds import Limits, duration_range

DEFAULT = Limits(duration_range("1s"), duration_range("5s"))
LONGEST_TAKING_BACK = 1.0  # seconds of the timeout that are kept for it
SHARE_FOR_TAKING_BACK = 0.2  # of a timeout so short that this is less

# What it asks of every server, beyond the functions.
NEEDS: tuple[str, ...] | None = ()


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Sends an echo job to a real worker and alerts when it is not back in time (-w and -c are\n"
        "for the time that it takes, 1s and 5s unless one is given), or not the same. Serve it by\n"
        "    gearmang work nagios_checks.echo:echo --function gearmang_echo\n"
        "Where no worker serves the function nothing is sent; a job that no worker took in time\n"
        "is taken back.",
        "-H gm1 -w 0.5s -c 2s -t 5",
        duration_range,
        (
            Option(
                "--echo-function",
                "NAME",
                f"a function that gives back what it gets, and no other work ({ECHO_FUNCTION})",
                default=ECHO_FUNCTION,
            ),
        ),
    )


def judge(chosen: Chosen, readings: Readings) -> Report:
    """Send one echo job to every server that has a worker for it, and judge how it came back."""
    bare = chosen.warning is None and chosen.critical is None
    limits = selection(chosen, DEFAULT if bare else Limits()).default
    function = chosen.echo_function
    asked = targets(chosen)
    answers = readings.poll(asked)
    served = [
        target
        for target, answer in zip(asked, answers)
        if isinstance(answer, Snapshot) and workers_of(answer, function)
    ]
    reserve = min(LONGEST_TAKING_BACK, SHARE_FOR_TAKING_BACK * readings.seconds_left)
    echoes = exchange(
        served, function, deadline=readings.deadline - reserve, until=readings.deadline
    )
    by_server = {target.server: echo for target, echo in zip(served, echoes)}

    def judge_server(snapshot: Snapshot) -> list[Finding]:
        return [
            judge_echo(function, by_server.get(snapshot.server), limits, readings.timeout.state)
        ]

    seen = survey(answers, readings, judge_server)
    slowest = max((echo.seconds or 0.0 for echo in echoes), default=0.0)
    fine = f"{phrasing.shown(function)} echoed in {short(slowest)} on {seen.where}"
    return Report(seen.findings, fine, seen.diagnostics)


def workers_of(snapshot: Snapshot, function: str) -> int:
    """How many workers a server has for a function."""
    return sum(status.workers for status in snapshot.functions if status.name == function)


def judge_echo(function: str, echo: Echo | None, limits: Limits, too_late: ServiceState) -> Finding:
    """Judge what became of one probe.

    Args:
        function: what was asked to echo.
        echo: the outcome; None when nothing was sent for want of a worker.
        limits: for the seconds that it took.
        too_late: the state of an echo that did not come back in time.
    """
    name = phrasing.shown(function)
    if echo is None:
        return Finding(Critical, f"no worker serves {name}, nothing was sent", weight=2)
    if echo.seconds is None:
        state = too_late if echo.timed_out else Critical
        return Finding(state, f"an echo from {name} {echo.problem}", weight=1, read=False)
    text = f"{name} echoed in {short(echo.seconds)}"
    broken = limits.broken(echo.seconds)
    if broken is not None:
        text += f" (limit {phrasing.limit(broken, short)})"
    series = Measurement("roundtrip", echo.seconds, "", "s", limits.warning, limits.critical)
    return Finding(limits.judge(echo.seconds), text, weight=echo.seconds, series=(series,))
