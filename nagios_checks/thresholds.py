"""Ranges as Nagios writes them, over numbers or durations, and the pair of them that judges.

``[@]START:END`` alerts outside START to END (with ``@`` inside); ``10`` is ``0:10``, ``1:`` has no
upper end, ``~:10`` no lower one. A duration is ``500ms``, ``90s``, ``1h30m``
or ``2d``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from nagiosplugin.range import Range
from nagiosplugin.state import Critical, Ok, ServiceState, Unknown, Warn

from gearmang.durations import BadTime, seconds
from gearmang.errors import GearmangError

STATES = {"OK": Ok, "WARNING": Warn, "CRITICAL": Critical, "UNKNOWN": Unknown}

# A state that is known to be bad comes before one that could not be told.
_SEVERITY = {Ok: 0, Warn: 1, Unknown: 2, Critical: 3}

# Compiled at their first use: most runs are given no more than one of them.
_RANGE = r"(?P<invert>@?)(?:(?P<start>~|[^:@~]*):)?(?P<end>[^:@~]*)"
_NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?"

ParseRange = Callable[[str], Range]


class BadValue(GearmangError, ValueError):
    """A range or a state that cannot be read."""


def severity(state: ServiceState) -> int:
    """What a state weighs: OK < WARNING < UNKNOWN < CRITICAL."""
    return _SEVERITY[state]


def state(text: str) -> ServiceState:
    """Read the name of a state, in any case.

    Raises:
        BadValue: it is none of OK, WARNING, CRITICAL, UNKNOWN.
    """
    try:
        return STATES[text.upper()]
    except KeyError:
        raise BadValue(f"{text!r} is no state; write OK, WARNING, CRITICAL or UNKNOWN") from None


def number_range(text: str) -> Range:
    """Read a range of numbers.

    Raises:
        BadValue: it is none, or its start lies above its end.
    """
    return _range(text, _number, "10, 1:, 5:10, ~:10 or @5:10")


def duration_range(text: str) -> Range:
    """Read a range of durations; the `Range` is in seconds.

    Raises:
        BadValue: it is none, or its start lies above its end.
    """
    return _range(text, seconds, "500ms, 10m, 1m:1h30m or 2d")


def pair(parse: ParseRange) -> Callable[[str], Limits]:
    """A reader of ``WARN,CRIT``; either may be left empty, and ``,CRIT`` with it."""

    def read(text: str) -> Limits:
        warning, _, critical = text.partition(",")
        if not warning and not critical:
            raise BadValue(f"{text!r} holds no range; write WARN,CRIT")
        return Limits(
            parse(warning) if warning else Range(), parse(critical) if critical else Range()
        )

    return read


class Limits(NamedTuple):
    """The ranges that a value has to keep to; an empty range is kept by all values from 0 on."""

    warning: Range = Range()
    critical: Range = Range()

    def judge(self, value: float) -> ServiceState:
        """CRITICAL before WARNING before OK."""
        if value not in self.critical:
            return Critical
        return Ok if value in self.warning else Warn

    def broken(self, value: float) -> Range | None:
        """The range that the value breaks, the critical one first; None when it keeps both."""
        return next((kept for kept in (self.critical, self.warning) if value not in kept), None)


def _range(text: str, atom: Callable[[str], float], examples: str) -> Range:
    match = re.fullmatch(_RANGE, text.strip())
    if match is None or not (match["start"] or match["end"]):
        raise BadValue(f"{text!r} is no range; write {examples}")
    try:
        start = float("-inf") if match["start"] == "~" else atom(match["start"] or "0")
        end = atom(match["end"]) if match["end"] else float("inf")
    except (BadTime, BadValue):
        raise BadValue(f"{text!r} is no range; write {examples}") from None
    if start > end:
        raise BadValue(f"{text!r}: the range starts above its end; write START:END")
    # nagiosplugin's Range takes no -5 and no 1e-05 as text, but it copies a Range as it stands.
    return Range()._replace(invert=bool(match["invert"]), start=start, end=end)


def _number(text: str) -> float:
    if not re.fullmatch(_NUMBER, text):
        raise BadValue(f"{text!r} is no number")
    return float(text) if "." in text else int(text)
