"""check_gearmang_dead_letters: jobs that died lately, pile up, or die in a new way."""

from __future__ import annotations

from collections.abc import Iterator

from nagiosplugin.state import Ok, ServiceState

from gearmang.durations import seconds, short
from nagios_checks import phrasing
from nagios_checks.arguments import Parser
from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.readings import DEFAULT_STORE, Readings
from nagios_checks.rules import FunctionRules
from nagios_checks.shared_options import Chosen, Option, selection
from nagios_checks.thresholds import Limits, number_range, pair, state

DEFAULT = Limits(warning=number_range("0"))
MOST_NAMED = 3  # functions named behind a sum

# It asks no server.
NEEDS: tuple[str, ...] | None = None


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Alerts on the number of dead letters that arrived within --window (WARNING on any unless\n"
        "-w or -c is given), on those that are kept, and on kinds never seen before the window.\n"
        "-w and -c are for all functions together; a --function with limits is judged by itself.\n"
        "Dead letters are read from the store; -H, -p and TLS have no effect.",
        "--store /var/lib/gearmang/dead_letters.db -w 5 -c 50 --total 1000,5000",
        number_range,
        (
            Option(
                "--store",
                "URL",
                f"a path (SQLite) or an SQLAlchemy URL ($GEARMANG_STORE, else {DEFAULT_STORE})",
            ),
            Option("--window", "DURATION", "what counts as lately (1h)", seconds, 3600.0),
            Option(
                "--total",
                "RANGE,RANGE",
                "WARNING and CRITICAL ranges for all dead letters that are kept",
                pair(number_range),
            ),
            Option(
                "--new",
                "STATE",
                "the state when a kind of failure appears that was not seen before (OK)",
                state,
                Ok,
            ),
        ),
    )


def judge(chosen: Chosen, readings: Readings) -> Report:
    """Judge what the store holds; a store that cannot be read is CRITICAL."""
    bare = chosen.warning is None and chosen.critical is None
    functions = selection(chosen, DEFAULT if bare else Limits())
    tally = readings.tally(chosen.store, chosen.window)
    if isinstance(tally, Finding):
        return Report([tally], "")
    silenced = sum(tally.silenced.values())
    tally = tally.audible()
    window = short(chosen.window)
    sums = [
        judge_arrived(tally.arrived, functions, window),
        judge_kept(tally.kept, functions, chosen.total or Limits()),
    ]
    findings = [
        *sums,
        *judge_new(tally.new_fingerprints, functions, chosen.new),
        *judge_functions(tally.arrived, tally.kept, functions, window),
    ]
    if silenced:
        text = f"{phrasing.plural(silenced, 'dead letter')} more of who is silent"
        sums.append(Finding(Ok, text))
        findings.append(sums[-1])
    if tally.under_way:
        sums.append(
            Finding(
                Ok,
                f"{phrasing.plural(tally.under_way, 'letter')} under way",
                series=(Measurement("under_way", tally.under_way, of_all=True),),
            )
        )
    return Report(findings, ", and ".join(found.text for found in sums))


def judge_arrived(arrived: dict[str, int], functions: FunctionRules, window: str) -> Finding:
    """Judge what died within the window, of all functions that have no limits of their own."""
    together: dict[str, int] = {}
    for name, count in arrived.items():
        rule = functions.rule(name)
        if rule is not None and rule.limits is None:
            together[name] = count
    count = sum(together.values())
    text = f"{phrasing.plural(count, 'dead letter')} arrived within {window}"
    return _judged(
        text, count, functions.default, Measurement("arrived", count, of_all=True), _named(together)
    )


def judge_kept(kept: dict[str, int], functions: FunctionRules, total: Limits) -> Finding:
    """Judge all that wait in the store."""
    chosen = {name: count for name, count in kept.items() if functions.rule(name)}
    count = sum(chosen.values())
    text = f"{phrasing.plural(count, 'dead letter')} kept"
    return _judged(text, count, total, Measurement("kept", count, of_all=True), _named(chosen))


def judge_functions(
    arrived: dict[str, int], kept: dict[str, int], functions: FunctionRules, window: str
) -> Iterator[Finding]:
    """Judge each function by limits of its own, where it has some; else it is only counted."""
    for name in sorted(arrived.keys() | kept.keys()):
        rule = functions.rule(name)
        if rule is not None:
            count = arrived.get(name, 0)
            letters = phrasing.plural(count, "dead letter")
            text = f"{phrasing.shown(name)} has {letters} from the last {window}"
            found = _judged(text, count, rule.limits or Limits(), Measurement(name, count))
            yield found._replace(
                series=(*found.series, Measurement(name, kept.get(name, 0), "kept"))
            )


def judge_new(
    fingerprints: dict[str, str], functions: FunctionRules, verdict: ServiceState
) -> Iterator[Finding]:
    """Judge the kinds of failure that were never seen before the window."""
    new = sorted((name, mark) for mark, name in fingerprints.items() if functions.rule(name))
    if new and verdict != Ok:
        named = ", ".join(
            f"{phrasing.shown(mark[:12])} of {phrasing.shown(name)}"
            for name, mark in new[:MOST_NAMED]
        )
        more = f" and {len(new) - MOST_NAMED} more" if len(new) > MOST_NAMED else ""
        yield Finding(verdict, f"never seen before: {named}{more}", weight=len(new))


def _judged(text: str, count: int, limits: Limits, series: Measurement, named: str = "") -> Finding:
    broken = limits.broken(count)
    if broken is not None:
        text += f" (limit {phrasing.limit(broken)}){named}"
    series = series._replace(warning=limits.warning, critical=limits.critical)
    return Finding(limits.judge(count), text, weight=count, series=(series,))


def _named(counts: dict[str, int]) -> str:
    """``: 10 resize, 2 mail``: the functions with most, for a sum that is too high."""
    most = sorted((-count, name) for name, count in counts.items() if count)[:MOST_NAMED]
    if not most:
        return ""
    return ": " + ", ".join(f"{-count} {phrasing.shown(name)}" for count, name in most)
