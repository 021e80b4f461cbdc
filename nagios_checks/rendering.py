"""A report as a Nagios plugin's output and exit code, through nagiosplugin.

Resource → Metric → Context → Result → Summary as nagiosplugin has them. Its `Check`, which would
drive them, is not used: it imports logging, and with it a sixth of what a check costs. Two things
differ: a state that is known to be bad outranks UNKNOWN, so that a server that cannot be read
never hides a critical queue; the first line names all that is wrong, worst first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nagiosplugin.context import Context
from nagiosplugin.metric import Metric
from nagiosplugin.performance import Performance
from nagiosplugin.resource import Resource
from nagiosplugin.result import Result, Results
from nagiosplugin.state import Ok, ServiceState
from nagiosplugin.summary import Summary

from nagios_checks.arguments import Chosen
from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.phrasing import label, number, plural, threshold
from nagios_checks.thresholds import severity

MOST_PROBLEMS = 8  # named in the first line
OTHERS = "_others"  # the subject of what is summed


class Style(NamedTuple):
    """How much is shown.

    Attributes:
        verbose: 0 to 3.
        limit: how many findings are named in long output and perfdata.
        perfdata: whether there is any.
        many: whether there are several servers, so that each series says which is its own.
        asked: for ``-vv``: what the check was told to do.
    """

    verbose: int = 0
    limit: int = 20
    perfdata: bool = True
    many: bool = False
    asked: str = ""

    @classmethod
    def of(cls, chosen: Chosen, asked: str = "") -> Style:
        """The style that a check's options ask for."""
        return cls(
            verbose=min(chosen.verbose, 3),
            limit=chosen.limit,
            perfdata=not chosen.no_perfdata,
            many=len(set(getattr(chosen, "hostname", ()))) > 1,
            asked=asked,
        )


class Outcome(NamedTuple):
    """What Nagios gets: the exit code and the whole output, ending in a newline."""

    code: int
    output: str


def render(name: str, report: Report, style: Style) -> Outcome:
    """Run the report through nagiosplugin.

    Args:
        name: the check's, as it starts the first line: ``gearmang_queues``.
        report: what the check found; a report without findings is UNKNOWN.
        style: how much of it is shown.
    """
    if not report.findings:
        return unknown(name, "nothing was judged")
    resource, context = _Findings(report), _AsJudged(style)
    results, series = _Worst(), []
    for metric in resource.probe():
        owned = metric.replace(contextobj=context, resource=resource)
        results.add(owned.evaluate())
        series += owned.performance()
    summary = _FirstLine(report, style)
    state: ServiceState = results.most_significant_state
    text = summary.ok(results) if state == Ok else summary.problem(results)
    first = _one_line(f"{name.upper()} {str(state).upper()} - {text}")
    lines = [first, *map(_one_line, summary.verbose(results) if style.verbose else ())]
    if style.perfdata:
        series += _rest(report.findings, style)
    if series:
        # Behind one line on the same line, behind several on a line of its own.
        perfdata = "| " + " ".join(map(str, series))
        lines = [f"{first} {perfdata}"] if len(lines) == 1 else [*lines, perfdata]
    return Outcome(state.code, "\n".join(lines) + "\n")


def unknown(name: str, problem: str) -> Outcome:
    """The outcome of a check that could not do its work."""
    return Outcome(3, _one_line(f"{name.upper()} UNKNOWN - {problem}") + "\n")


def worst_first(findings: list[Finding]) -> list[Finding]:
    """In the order in which a person wants to read them."""
    return sorted(findings, key=lambda found: (-severity(found.state), -found.weight, found.text))


class _Findings(Resource):  # type: ignore[misc]  # nagiosplugin ships no types
    """The report as metrics, each named by its place among those that have series."""

    def __init__(self, report: Report) -> None:
        self._findings = report.findings

    def probe(self) -> Iterator[Metric]:
        place = 0
        for found in self._findings:
            yield Metric(place, found)
            place += bool(found.series)


class _AsJudged(Context):  # type: ignore[misc]  # nagiosplugin ships no types
    """Takes a finding's verdict as it is, and its series unless they are beyond the limit."""

    def __init__(self, style: Style) -> None:
        super().__init__("finding")
        self._style = style

    def evaluate(self, metric: Metric, resource: Resource) -> Result:
        return Result(metric.value.state, metric.value.text, metric)

    def performance(self, metric: Metric, resource: Resource) -> list[Performance]:
        if not self._style.perfdata or metric.name >= self._style.limit:
            return []
        found: Finding = metric.value
        where = found.server if self._style.many else ""
        return [_performance(series, where) for series in found.series]


class _Worst(Results):  # type: ignore[misc]  # nagiosplugin ships no types
    """nagiosplugin lets UNKNOWN outrank CRITICAL."""

    @property
    def most_significant_state(self) -> ServiceState:
        return max(self.by_state, key=severity)


class _FirstLine(Summary):  # type: ignore[misc]  # nagiosplugin ships no types
    """``resize has 512 waiting (limit 500) on gm1:4730; mail has 3 waiting and no workers``."""

    def __init__(self, report: Report, style: Style) -> None:
        self._report = report
        self._style = style

    def ok(self, results: Results) -> str:
        unread = [found for found in self._report.findings if not found.read]
        if not unread:
            return self._report.fine
        some = len(unread) < len(self._report.findings)
        return self._named(unread) + (
            f", and {self._report.fine}" if some else ", and nothing was read"
        )

    def problem(self, results: Results) -> str:
        return self._named([found for found in self._report.findings if found.state != Ok])

    def _named(self, findings: list[Finding]) -> str:
        wrong = worst_first(findings)
        phrases, server = [], ""
        for found in wrong[:MOST_PROBLEMS]:
            said = found.server in ("", server)
            phrases.append(found.text if said else f"{found.text} on {found.server}")
            server = found.server or server
        if len(wrong) > MOST_PROBLEMS:
            phrases.append(f"{len(wrong) - MOST_PROBLEMS} more")
        return ", and ".join(phrases)

    def verbose(self, results: Results) -> list[str]:
        style = self._style
        ordered = worst_first(self._report.findings)
        lines = [_line(found) for found in ordered[: style.limit]]
        if len(ordered) > style.limit:
            unnamed = ordered[style.limit :]
            wrong = sum(found.state != Ok for found in unnamed)
            lines.append(f"and {plural(len(unnamed), 'other')}, {wrong} of them not OK")
        if style.verbose >= 2 and style.asked:
            lines.append(style.asked)
        if style.verbose >= 3:
            lines += self._report.diagnostics
        return lines


def _one_line(text: str) -> str:
    """Text that neither starts another line nor the perfdata, whatever was quoted in it.

    Of a semicolon Nagios makes a colon (seen with 4.4.6).
    """
    return " ".join(text.replace("|", "\\x7c").replace(";", ",").splitlines())


def _line(found: Finding) -> str:
    where = f" on {found.server}" if found.server else ""
    return f"{str(found.state).upper()}: {found.text}{where}"


def _performance(series: Measurement, server: str) -> Performance:
    return Performance(
        label(series.subject, series.quantity, server, of_all=series.of_all),
        number(series.value),
        series.unit,
        threshold(series.warning),
        threshold(series.critical),
        0,
    )


def _rest(findings: list[Finding], style: Style) -> list[Performance]:
    """The sums of the series that are beyond the limit."""
    sums: dict[tuple[str, str], float] = {}
    for found in [found for found in findings if found.series][style.limit :]:
        for series in found.series:
            if series.additive:
                key = (series.quantity, series.unit)
                sums[key] = sums.get(key, 0) + series.value
    return [
        _performance(Measurement(OTHERS, value, *key, of_all=True), "")
        for key, value in sorted(sums.items())
    ]
