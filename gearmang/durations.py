"""Spans and points of time: read as people write them, written as people read them.

One rule for all that gearmang reads and prints. A span is ``500ms``, ``90s``, ``1h30m``, ``2d``,
``1w`` or a bare number of seconds. A point in time is a span back from now, or a date; a date
without a zone is one of the terminal's zone. People are shown the terminal's zone with its offset;
programs get UTC with ``Z``.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from gearmang.errors import GearmangError

if TYPE_CHECKING:  # and late: a check that reads no date starts without
    from datetime import datetime

MINUTE, HOUR, DAY, WEEK = 60, 3_600, 86_400, 604_800  # seconds

# Text, compiled at its first use: a check that reads no span starts without.
_SPAN = (
    r"(?:([0-9]{1,9})w)?(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?"
    r"(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)s)?(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)ms)?"
)
_BARE = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"
_UNITS = (WEEK, DAY, HOUR, MINUTE, 1, 0.001)  # seconds in each part of a span
_FRACTION = r"(?<=:[0-9]{2})\.([0-9]+)"  # of a second


class BadTime(GearmangError, ValueError):
    """What should be a span or a point of time is none."""


def seconds(text: str) -> float:
    """Read a span: ``500ms``, ``90s``, ``1h30m``, ``2d``, ``1w``, or a bare number of seconds.

    Raises:
        BadTime: it is none.
    """
    wanted = text.strip().lower()
    if re.fullmatch(_BARE, wanted):
        return float(wanted)
    match = re.fullmatch(_SPAN, wanted)
    if match is None or not wanted:
        raise BadTime(f"{text!r} is no duration; write 500ms, 90s, 10m, 1h30m, 2d or 1w")
    return sum(float(part) * unit for part, unit in zip(match.groups("0"), _UNITS))


def short(span: float | None) -> str:
    """``12ms``, ``1.25s``, ``45s``, ``12m30s``, ``2h5m``, ``3d4h``: two units at most.

    Args:
        span: seconds; None is written ``-``.
    """
    if span is None:
        return "-"
    if 0 < span < 1:
        milliseconds = f"{float(f'{span * 1000:.3g}'):.6f}".rstrip("0").rstrip(".")
        return f"{milliseconds}ms"
    if span < MINUTE:
        return f"{span:.3g}s"
    whole = round(span)
    for unit, letter, lower, small in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "m")):
        if whole >= unit:
            return f"{whole // unit}{letter}" + _part(whole % unit // lower, small)
    return f"{whole // MINUTE}m" + _part(whole % MINUTE, "s")


def moment(text: str, now: float | None = None) -> float:
    """Read a point of time, in seconds since the epoch.

    Args:
        text: a span, which is so long ago, or a date: ``2026-11-24``, ``2026-11-24T08:00+01:00``.
        now: in seconds since the epoch; None: the clock's.

    Raises:
        BadTime: it is neither.
    """
    wanted = text.strip()
    if wanted and re.fullmatch(_SPAN, wanted.lower()):
        return (time.time() if now is None else now) - seconds(wanted)
    try:
        return _read(wanted).timestamp()  # without a zone: the terminal's
    except (ValueError, OverflowError, OSError, IndexError):  # the last one is PyPy's
        raise BadTime(f"{text!r} is no time; write 2h, 7d or 2026-11-24T08:00") from None


def from_iso(text: str) -> float:
    """Read a time of RFC 3339, its offset honoured; without one it is UTC.

    Returns:
        Seconds since the epoch.

    Raises:
        BadTime: it is none.
    """
    from datetime import timezone

    try:
        read = _read(text)
        if read.tzinfo is None:
            read = read.replace(tzinfo=timezone.utc)
        return read.timestamp()
    except (ValueError, OverflowError, OSError, IndexError):  # the last one is PyPy's
        raise BadTime(f"{text!r} is no time; write 2026-11-24T08:00:00Z") from None


def told(at: float | None) -> str:
    """A point of time for people: to the second, in the terminal's zone, with its offset.

    Args:
        at: seconds since the epoch; None is written ``-``.
    """
    if at is None:
        return "-"
    from datetime import datetime

    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def iso(at: float | None) -> str | None:
    """A point of time for programs: RFC 3339 in UTC with ``Z``, to the microsecond.

    Args:
        at: seconds since the epoch; None stays None.
    """
    if at is None:
        return None
    from datetime import datetime, timezone

    return datetime.fromtimestamp(at, timezone.utc).isoformat().replace("+00:00", "Z")


def _read(text: str) -> datetime:
    """`datetime.fromisoformat` of 3.11, for Python 3.9 too: ``Z``, any fraction, ``+0200``."""
    from datetime import datetime

    plain = re.sub(_FRACTION, lambda match: f".{match[1]:0<6.6}", text)
    if plain[-1:] in ("Z", "z"):
        plain = f"{plain[:-1]}+00:00"
    elif re.search(r":[0-9.]+[+-][0-9]{4}$", plain):
        plain = f"{plain[:-2]}:{plain[-2:]}"
    return datetime.fromisoformat(plain)


def _part(count: int, unit: str) -> str:
    return f"{count}{unit}" if count else ""
