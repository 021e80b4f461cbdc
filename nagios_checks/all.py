"""check_gearmang_all: every service of one file, each source asked once, each result submitted."""

from __future__ import annotations

import time
from collections.abc import Sequence

from nagiosplugin.state import Ok

from gearmang.watch.poll import Target
from nagios_checks import phrasing
from nagios_checks.arguments import BadOption, Parser
from nagios_checks.command import attempted, judged
from nagios_checks.config import Service, services
from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.passive import Result
from nagios_checks.readings import Readings, targets
from nagios_checks.rendering import Outcome, Style, render
from nagios_checks.shared_options import Chosen, Option
from nagios_checks.thresholds import STATES, number_range

SHARE_FOR_JUDGING = 0.6  # of the timeout, where results are submitted
DEFAULT = "/etc/gearmang/checks.toml"

_NOT_HERE = ("-w", "-c", "--function", "--exclude", "-H", "-p", "--ca", "--cert", "--key")
_BY_CODE = {state.code: state for state in STATES.values()}


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Judges every service of a TOML file. Each gearmand is polled once. Alone it prints what\n"
        "is wrong, the worst first, and exits with the worst; with --passive or --nrdp it submits\n"
        "each service as a passive result and exits 0, or 3 when one could not be delivered.",
        "--config /etc/gearmang/checks.toml --passive /var/lib/nagios4/rw/nagios.cmd",
        number_range,
        (
            Option("--config", "FILE", "the services (/etc/gearmang/checks.toml)", default=DEFAULT),
            Option("--passive", "PATH", "submit to Nagios' command pipe or check-result folder"),
            Option("--nrdp", "URL", "submit through NRDP"),
            Option("--token-file", "FILE", "the file with NRDP's token"),
        ),
        without=_NOT_HERE,
    )


def judge(chosen: Chosen, readings: Readings) -> Report:
    """Judge every service and submit the results where that is asked for.

    Raises:
        BadConfig: the file cannot be used.
        BadOption: --nrdp without --token-file.
        NotDelivered: results could not be submitted.
    """
    if chosen.nrdp and not chosen.token_file:
        raise BadOption("--nrdp needs --token-file FILE")
    found = services(chosen.config)
    submits = bool(chosen.passive or chosen.nrdp)
    # A server that is frozen takes all the time there is, and the others' results have to go out.
    judged_by = time.monotonic() + SHARE_FOR_JUDGING * readings.seconds_left
    results = conclude_all(found, readings.until(judged_by) if submits else readings)
    if chosen.passive:
        from nagios_checks import passive

        passive.deliver(chosen.passive, results, now=readings.now, deadline=readings.deadline)
    if chosen.nrdp:
        from nagios_checks import nrdp

        nrdp.deliver(chosen.nrdp, chosen.token_file, results, timeout=readings.seconds_left)
    return summary(results, submitted=submits)


def conclude_all(found: Sequence[Service], readings: Readings) -> list[Result]:
    """Judge each service; servers are asked before, all at once, for all that any check wants."""
    asked: dict[Target, None] = {}
    wanted: dict[str, bool] = {}
    for service in found:
        needs = service.module.NEEDS
        if needs is not None:
            asked.update(dict.fromkeys(targets(service.chosen)))
            wanted.update(dict.fromkeys(needs, True))
    readings.poll(asked, **wanted)
    # Round trips wait for answers: they come last, and share what time is left.
    order = sorted(range(len(found)), key=lambda number: found[number].check == "roundtrip")
    outcomes: dict[int, Outcome] = {}
    for place, number in enumerate(order):
        service = found[number]
        if service.check == "roundtrip":
            share = readings.seconds_left / (len(order) - place)
            outcomes[number] = _conclude(service, readings.until(time.monotonic() + share))
        else:
            outcomes[number] = _conclude(service, readings)
    return [
        Result(service.host, service.description, outcomes[number].code, outcomes[number].output)
        for number, service in enumerate(found)
    ]


def summary(results: Sequence[Result], *, submitted: bool) -> Report:
    """The report of the command itself: one finding a service, or that all were submitted."""
    findings = [
        Finding(_BY_CODE[result.code], f"{phrasing.shown(result.service)}: {_first_line(result)}")
        for result in results
    ]
    wrong = sum(found.state != Ok for found in findings)
    services = phrasing.plural(len(results), "service")
    fine = f"{services}, {wrong} not OK"
    if submitted:
        series = (Measurement("services", len(results)), Measurement("not_ok", wrong))
        return Report([Finding(Ok, fine, series=series)], f"{fine}, submitted")
    return Report(findings, f"{services}, all OK")


def _conclude(service: Service, readings: Readings) -> Outcome:
    name, chosen = f"gearmang_{service.check}", service.chosen
    return attempted(
        name, lambda: render(name, judged(service.module, chosen, readings), Style.of(chosen))
    )


def _first_line(result: Result) -> str:
    line = result.output.partition("\n")[0].partition(" | ")[0]
    return line.partition(" - ")[2] or line
