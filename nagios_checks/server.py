"""check_gearmang_server: gearmand down, slow, crowded, of the wrong version, or too quiet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from nagiosplugin.state import Ok, ServiceState, Unknown, Warn

from gearmang.durations import short
from gearmang.watch.known_faults import known_faults
from gearmang.watch.poll import Snapshot
from nagios_checks import phrasing
from nagios_checks.arguments import Parser
from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.readings import Readings, targets
from nagios_checks.shared_options import Chosen, Option, selection
from nagios_checks.survey import survey
from nagios_checks.thresholds import (
    BadValue,
    Limits,
    duration_range,
    number_range,
    pair,
    state,
)

DEFAULT = Limits(duration_range("1s"), duration_range("5s"))

# At these levels gearmand says nothing when --job-retries makes it drop a job: that is a NOTICE.
QUIET_LEVELS = ("FATAL", "ALERT", "CRITICAL", "ERROR", "WARNING")


class VersionRange(NamedTuple):
    """``1.1.19``, ``1.1.19:``, ``:1.1.21`` or ``1.1.19:1.1.21``; both ends belong to it.

    A version is compared as far as an end goes: 1.1.20+ds is within ``:1.1``.
    """

    start: tuple[int, ...] | None
    end: tuple[int, ...] | None

    def __str__(self) -> str:
        start, end = (".".join(map(str, number or ())) for number in self)
        return start if start == end else f"{start}:{end}"

    @classmethod
    def parse(cls, text: str) -> VersionRange:
        """Read a range.

        Raises:
            BadValue: it is none.
        """
        if not re.fullmatch(r"(?=.*[0-9])([0-9.]*:)?[0-9.]*", text, re.ASCII):
            raise BadValue(f"{text!r} is no range of versions; write 1.1.19: or 1.1.19:1.1.21")
        start, colon, end = text.rpartition(":")
        return cls(_version(start or ("" if colon else end)), _version(end))

    def holds(self, version: str) -> bool:
        """Whether a version lies within; one without a number does not."""
        number = _version(version)
        if number is None:
            return False
        above = self.start is None or number[: len(self.start)] >= self.start
        return above and (self.end is None or number[: len(self.end)] <= self.end)


# What it asks of every server, beyond the functions.
NEEDS: tuple[str, ...] | None = ("workers", "verbosity")


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Alerts on a gearmand that is down or slow to answer (-w and -c are for its reply time,\n"
        "1s and 5s unless one is given), on its connections, on its version, and on a log level\n"
        "at which it drops jobs without a word (--job-retries).",
        "-H gm1 -w 0.5s -c 2s --connections 800,1000 --version 1.1.19:",
        duration_range,
        (
            Option(
                "--version",
                "[RANGE]",
                "WARNING for a gearmand outside it; alone it prints the version of this check",
                VersionRange.parse,
                alone="V",
            ),
            Option(
                "--connections",
                "RANGE,RANGE",
                "WARNING and CRITICAL ranges for the number of connections",
                pair(number_range),
                Limits(),
            ),
            Option(
                "--quiet-log",
                "STATE",
                "the state for a log level that hides dropped jobs (WARNING)",
                state,
                Warn,
            ),
        ),
    )


def judge(chosen: Chosen, readings: Readings) -> Report:
    """Judge every server by itself."""
    bare = chosen.warning is None and chosen.critical is None
    limits = selection(chosen, DEFAULT if bare else Limits()).default

    def judge_server(snapshot: Snapshot) -> Iterator[Finding]:
        yield judge_reply_time(snapshot.reply_seconds, limits)
        # The monitor's own connection is one of them.
        if snapshot.tells_workers:
            yield judge_connections(len(snapshot.connections) - 1, chosen.connections)
        elif chosen.connections != Limits():
            yield Finding(Unknown, "does not tell its connections")
        yield judge_version(snapshot.version, chosen.version)
        yield judge_log_level(snapshot.verbosity, chosen.quiet_log)

    answers = readings.poll(targets(chosen), workers=True, verbosity=True)
    seen = survey(answers, readings, judge_server)
    fine = ", ".join(
        f"{phrasing.shown(snapshot.make)} on {snapshot.server} answered in "
        f"{short(snapshot.reply_seconds)}"
        for snapshot in seen.snapshots
    )
    return Report(seen.findings, fine, seen.diagnostics)


def judge_reply_time(seconds: float, limits: Limits) -> Finding:
    """Judge how long gearmand took to answer, in seconds."""
    text = f"answered in {short(seconds)}"
    broken = limits.broken(seconds)
    if broken is not None:
        text += f" (limit {phrasing.limit(broken, short)})"
    series = Measurement("reply_time", seconds, "", "s", limits.warning, limits.critical)
    return Finding(limits.judge(seconds), text, weight=seconds, series=(series,))


def judge_connections(count: int, limits: Limits) -> Finding:
    """Judge the number of connections, workers and clients together."""
    text = f"has {phrasing.plural(count, 'connection')}"
    broken = limits.broken(count)
    if broken is not None:
        text += f" (limit {phrasing.limit(broken)})"
    series = Measurement("connections", count, "", "", limits.warning, limits.critical)
    return Finding(limits.judge(count), text, weight=count, series=(series,))


def judge_version(version: str | None, expected: VersionRange | None) -> Finding:
    """Judge the server's version, None where it does not tell, and tell its known faults."""
    if version is None:
        return Finding(Ok if expected is None else Warn, "does not tell its version")
    shown = phrasing.shown(version)
    if expected is None or expected.holds(version):
        faults = ", ".join(f"{one.says} (#{one.issue})" for one in known_faults(version))
        return Finding(Ok, f"is gearmand {shown}" + (f", known for: {faults}" if faults else ""))
    return Finding(Warn, f"is gearmand {shown}, not of the versions {expected}")


def judge_log_level(level: str | None, verdict: ServiceState) -> Finding:
    """Judge gearmand's log level, None where this gearmand does not tell it."""
    if level in QUIET_LEVELS:
        text = f"logs at {level}, which hides dropped jobs; start gearmand with --verbose NOTICE"
        return Finding(verdict, text)
    return Finding(Ok, f"logs at {level}" if level else "does not tell its log level")


def _version(text: str) -> tuple[int, ...] | None:
    numbers = re.match(r"[0-9]+(?:\.[0-9]+)*", text)
    return tuple(map(int, numbers[0].split("."))) if numbers else None
