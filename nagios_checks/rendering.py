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

from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.labels import label
from nagios_checks.phrasing import number, plural, threshold
from nagios_checks.shared_options import Chosen, servers
from nagios_checks.thresholds import severity

MOST_PROBLEMS = 8  # named in the first line
OTHERS = "_others"  # the subject of what is summed


class Style(NamedTuple):
    """How much is shown.

    Attributes:
        verbose: 0 to 3.
        limit: how many findings are named in long output and perfdata.
        perfdata: whether there is any.
        plain: the server whose series are named by the function alone; the others' tell theirs.
            None: every series tells its server.
        asked: for ``-vv``: what the check was told to do.
        most_bytes: of the whole output; None: no bound.
    """

    verbose: int = 0
    limit: int = 20
    perfdata: bool = True
    plain: str | None = ""
    asked: str = ""
    most_bytes: int | None = None

    @classmethod
    def of(cls, chosen: Chosen, asked: str = "") -> Style:
        """The style that a check's options ask for."""
        plain: str | None = ""
        if hasattr(chosen, "hostname"):
            plain = None if chosen.labels == "stable" else str(servers(chosen)[0])
        return cls(
            verbose=min(chosen.verbose, 3),
            limit=chosen.limit,
            perfdata=not chosen.no_perfdata,
            plain=plain,
            asked=asked,
            most_bytes=chosen.max_bytes,
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
    resource, context = _Findings(report), _AsJudged(report, style)
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
    return Outcome(state.code, fitted(lines, list(map(str, series)), style.most_bytes))


def fitted(lines: list[str], series: list[str], most: int | None) -> str:
    """The whole output, within so many bytes: cut between lines and between series only.

    Half a series would be a wrong number. Long output goes first, then the last series, then the
    end of the first line.
    """
    if most is None:
        return _joined(lines, series)
    lines, series = list(lines), list(series)
    while len(_joined(lines, series).encode("utf-8", "backslashreplace")) > most:
        if len(lines) > 1:
            lines.pop()
        elif series:
            series.pop()
        else:
            end = "…\n"
            data = lines[0].encode("utf-8", "backslashreplace")[: most - len(end.encode())]
            return data.decode("utf-8", "ignore") + end
    return _joined(lines, series)


def _joined(lines: list[str], series: list[str]) -> str:
    """Perfdata stands behind one line on the same line, behind several on a line of its own."""
    if not series:
        return "\n".join(lines) + "\n"
    perfdata = "| " + " ".join(series)
    return (f"{lines[0]} {perfdata}" if len(lines) == 1 else "\n".join([*lines, perfdata])) + "\n"


def with_series(findings: list[Finding], limit: int) -> set[int]:
    """The places of the findings whose series are printed: of those beyond the limit the sums are.

    Findings that alarm come first, so that the worst queue has its series.
    """
    have = [place for place, found in enumerate(findings) if found.series]
    if len(have) <= limit:
        return set(have)

    def worst(place: int) -> tuple[int, float]:
        found = findings[place]
        return (-severity(found.state), -found.weight if found.state != Ok else 0)

    return set(sorted(have, key=worst)[:limit])


def unknown(name: str, problem: str) -> Outcome:
    """The outcome of a check that could not do its work."""
    return Outcome(3, _one_line(f"{name.upper()} UNKNOWN - {problem}") + "\n")


def worst_first(findings: list[Finding]) -> list[Finding]:
    """In the order in which a person wants to read them."""
    return sorted(findings, key=lambda found: (-severity(found.state), -found.weight, found.text))


class _Findings(Resource):  # type: ignore[misc]  # nagiosplugin ships no types
    """The report as metrics, each named by its place."""

    def __init__(self, report: Report) -> None:
        self._findings = report.findings

    def probe(self) -> Iterator[Metric]:
        for place, found in enumerate(self._findings):
            yield Metric(place, found)


class _AsJudged(Context):  # type: ignore[misc]  # nagiosplugin ships no types
    """Takes a finding's verdict as it is, and its series unless they are beyond the limit."""

    def __init__(self, report: Report, style: Style) -> None:
        super().__init__("finding")
        self._style = style
        self._printed = with_series(report.findings, style.limit) if style.perfdata else set()

    def evaluate(self, metric: Metric, resource: Resource) -> Result:
        return Result(metric.value.state, metric.value.text, metric)

    def performance(self, metric: Metric, resource: Resource) -> list[Performance]:
        if metric.name not in self._printed:
            return []
        found: Finding = metric.value
        where = "" if found.server == self._style.plain else found.server
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
    printed = with_series(findings, style.limit)
    for found in [found for place, found in enumerate(findings) if place not in printed]:
        for series in found.series:
            if series.additive:
                key = (series.quantity, series.unit)
                sums[key] = sums.get(key, 0) + series.value
    return [
        _performance(Measurement(OTHERS, value, *key, of_all=True), "")
        for key, value in sorted(sums.items())
    ]
