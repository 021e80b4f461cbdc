"""Does a function use up the bad jobs that its objective allows too fast? Two windows tell.

The numbers are those of Google's "Site Reliability Workbook", chapter 5: of what a month allows,
2 % within an hour are urgent, 5 % within six hours are not. The short window ends the alert when it
is over, and the least number of bad jobs keeps one bad job of a quiet night from being an alert.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nagiosplugin.range import Range
from nagiosplugin.state import Critical, Ok, ServiceState, Warn

from gearmang.durations import short
from nagios_checks import phrasing
from nagios_checks.findings import Finding, Measurement
from nagios_checks.rules import FunctionRules
from nagios_checks.thresholds import BadValue

SPANS = (300.0, 1_800.0, 3_600.0, 21_600.0)  # seconds


class Pace(NamedTuple):
    """One alert: the places of its windows in `SPANS`, how fast is too fast, and its state."""

    long: int
    brief: int
    limit: float
    state: ServiceState
    quantity: str


PACES = (Pace(2, 0, 14.4, Critical, "burn-1h"), Pace(3, 1, 6.0, Warn, "burn-6h"))
LEAST_OBJECTIVE = 100 - 100 / PACES[0].limit  # per cent; with less, no share of bad jobs alerts


class Objective(NamedTuple):
    """What is promised.

    Attributes:
        share: per cent of the jobs that are good.
        within: seconds from submission in which a good job comes to a good end.
        least: bad jobs in the long window, below which nothing is wrong.
    """

    share: float
    within: float
    least: int


def objective_share(text: str) -> float:
    """Read ``99.5``.

    Raises:
        BadValue: it is no such number, or one with which nothing could ever alert.
    """
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not LEAST_OBJECTIVE < share < 100:
        raise BadValue(
            f"{text!r} is no objective; write per cent above {LEAST_OBJECTIVE:.2f} and below 100"
        )
    return share


def judge_burning(
    counted: Mapping[str, Sequence[Sequence[float]]], functions: FunctionRules, aim: Objective
) -> Iterator[Finding]:
    """Judge the selected functions, by name.

    Args:
        counted: function → jobs and bad jobs in each of `SPANS`.
        functions: which are selected.
        aim: what is promised.
    """
    for name in sorted(counted):
        if functions.rule(name):
            yield judge_function(name, counted[name], aim)


def judge_function(name: str, counted: Sequence[Sequence[float]], aim: Objective) -> Finding:
    """Judge one function by the faster of the two paces that it breaks."""
    rates = [_rate(jobs, bad, aim) for jobs, bad in counted]
    series = tuple(
        Measurement(name, rates[pace.long], pace.quantity, additive=False, **_limits(pace))
        for pace in PACES
    )
    for pace in PACES:
        jobs, bad = counted[pace.long]
        if bad >= aim.least and min(rates[pace.long], rates[pace.brief]) > pace.limit:
            text = (
                f"{_told(name, jobs, bad, pace)}, {_factor(rates[pace.long])} times what "
                f"{phrasing.number(aim.share)}% within {short(aim.within)} allows "
                f"(limit {phrasing.number(pace.limit)})"
            )
            return Finding(pace.state, text, weight=rates[pace.long], series=series)
    jobs, bad = counted[PACES[0].long]
    return Finding(Ok, _told(name, jobs, bad, PACES[0]), weight=max(rates), series=series)


def _rate(jobs: float, bad: float, aim: Objective) -> float:
    """How many times as many bad jobs there are as the objective allows."""
    return bad / jobs / (1 - aim.share / 100) if jobs > 0 else 0.0


def _told(name: str, jobs: float, bad: float, pace: Pace) -> str:
    of = f"{round(bad)} of {phrasing.plural(round(jobs), 'job')}"
    return f"{phrasing.shown(name)}: {of} within {short(SPANS[pace.long])} died or came late"


def _factor(rate: float) -> str:
    return phrasing.number(float(f"{rate:.3g}"))


def _limits(pace: Pace) -> dict[str, Range]:
    kept = Range(phrasing.number(pace.limit))
    return {"critical": kept} if pace.state == Critical else {"warning": kept}
