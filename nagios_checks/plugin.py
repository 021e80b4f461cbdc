"""A report as a Nagios plugin's output and exit code, through nagiosplugin's Check.

Changed against nagiosplugin's defaults: a state that is known to be bad outranks UNKNOWN, so that
a server that cannot be read never hides a critical queue; the first line names what is wrong,
worst first, instead of one result; no more functions than asked for are named.
"""

from collections.abc import Iterator
from typing import NamedTuple

from nagiosplugin import (
    Check,
    Context,
    Metric,
    Ok,
    Performance,
    Resource,
    Result,
    Results,
    Runtime,
    Summary,
)
from nagiosplugin.output import Output
from nagiosplugin.state import ServiceState

from nagios_checks.report import Finding, Report, Series
from nagios_checks.thresholds import severity
from nagios_checks.wording import label, number, plural, threshold

MOST_PROBLEMS = 8  # named in the first line
OTHERS = "_others"  # the subject of what is summed


class Style(NamedTuple):
    """How much is shown.

    Attributes:
        verbose: 0 to 3.
        limit: how many findings are named in long output and perfdata.
        perfdata: whether there is any.
        many: whether there are several servers, so that each series says which is its own.
        asked: lines for ``-vv``: what the check was told to do.
    """

    verbose: int = 0
    limit: int = 20
    perfdata: bool = True
    many: bool = False
    asked: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What Nagios gets: the exit code and the whole output, ending in a newline."""

    code: int
    output: str

    @property
    def line(self) -> str:
        """The first line without its performance data."""
        return self.output.partition("\n")[0].partition(" |")[0]


def render(name: str, report: Report, style: Style) -> Outcome:
    """Run the report through nagiosplugin.

    Args:
        name: the check's, as it starts the first line: ``gearmang_queues``.
    """
    check = Check(_Findings(name, report), _Judged(style), _FirstLine(report, style), _Worst())
    check()
    if style.perfdata:
        check.perfdata.extend(str(one) for one in _rest(report.findings, style))
    output = Output(Runtime().logchan, style.verbose)
    output.add(check)
    return Outcome(check.exitcode, str(output))


def worst_first(findings: list[Finding]) -> list[Finding]:
    """In the order in which a person wants to read them."""
    return sorted(findings, key=lambda found: (-severity(found.state), -found.weight, found.text))


class _Findings(Resource):  # type: ignore[misc]  # nagiosplugin ships no types
    """The report as metrics; only the first ones carry series into the perfdata."""

    def __init__(self, name: str, report: Report) -> None:
        self._name = name
        self._findings = report.findings

    @property
    def name(self) -> str:
        return self._name

    def probe(self) -> Iterator[Metric]:
        for position, found in enumerate(self._findings):
            yield Metric(str(position), found, context="finding")


class _Judged(Context):  # type: ignore[misc]  # nagiosplugin ships no types
    """Takes a finding's verdict as it is, and its series unless they are beyond the limit."""

    def __init__(self, style: Style) -> None:
        super().__init__("finding")
        self._style = style

    def evaluate(self, metric: Metric, resource: Resource) -> Result:
        return Result(metric.value.state, metric.value.text, metric)

    def performance(self, metric: Metric, resource: Resource) -> str | None:
        if not self._style.perfdata or int(metric.name) >= self._style.limit:
            return None
        found: Finding = metric.value
        where = found.server if self._style.many else ""
        return " ".join(str(_performance(series, where)) for series in found.series)


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
        return self._report.fine

    def problem(self, results: Results) -> str:
        wrong = worst_first([found for found in self._report.findings if found.state != Ok])
        phrases, server = [], ""
        for found in wrong[:MOST_PROBLEMS]:
            said = found.server in ("", server)
            phrases.append(found.text if said else f"{found.text} on {found.server}")
            server = found.server or server
        if len(wrong) > MOST_PROBLEMS:
            phrases.append(f"{len(wrong) - MOST_PROBLEMS} more")
        return "; ".join(phrases)

    def verbose(self, results: Results) -> list[str]:
        style = self._style
        ordered = worst_first(self._report.findings)
        lines = [_line(found) for found in ordered[: style.limit]]
        if len(ordered) > style.limit:
            unnamed = ordered[style.limit :]
            wrong = sum(found.state != Ok for found in unnamed)
            lines.append(f"and {plural(len(unnamed), 'other')}, {wrong} of them not OK")
        if style.verbose >= 2:
            lines += style.asked
        if style.verbose >= 3:
            lines += self._report.diagnostics
        return lines


def _line(found: Finding) -> str:
    where = f" on {found.server}" if found.server else ""
    return f"{str(found.state).upper()}: {found.text}{where}"


def _performance(series: Series, server: str) -> Performance:
    words = [series.subject, series.quantity, f"@{server}" if server else ""]
    name = " ".join(word for word in words[:2] if word) + words[2]
    return Performance(
        label(name),
        number(series.value),
        series.unit,
        threshold(series.warning),
        threshold(series.critical),
        0,
    )


def _rest(findings: list[Finding], style: Style) -> list[Performance]:
    """The sums of the series that are beyond the limit."""
    sums: dict[tuple[str, str], float] = {}
    for found in findings[style.limit :]:
        for series in found.series:
            if series.additive:
                key = (series.quantity, series.unit)
                sums[key] = sums.get(key, 0) + series.value
    return [_performance(Series(OTHERS, value, *key), "") for key, value in sorted(sums.items())]
