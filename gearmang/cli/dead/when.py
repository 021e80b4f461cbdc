"""Points in time as people write them: ``90s``, ``2h``, ``7d`` ago, or a date."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from typing import Any, Final

import click

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}  # seconds
_AGE: Final = re.compile(r"(\d{1,9}(?:\.\d+)?)([smhdw])", re.IGNORECASE)


class Age(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A length of time, ``180d`` or ``1h30m``, as seconds."""

    name = "AGE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        parts = _AGE.findall(value)
        if not parts or "".join(number + unit for number, unit in parts) != value:
            self.fail(
                f"{value!r} is no length of time; write 90s, 15m, 1h30m, 7d or 2w", param, ctx
            )
        return sum(float(number) * _UNITS[unit.lower()] for number, unit in parts)


class When(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """An age, counted back from now, or a date: seconds since the epoch."""

    name = "WHEN"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        if _AGE.match(value):
            return time.time() - Age().convert(value, param, ctx)
        try:
            # A date without a zone is a date of the reader's own clock.
            return datetime.fromisoformat(value).astimezone().timestamp()
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value!r} is no time; write 2h, 7d or 2026-11-24T08:00", param, ctx)


def told(seconds: float | None) -> str:
    """A time for a table: to the second, in the reader's zone."""
    if seconds is None:
        return "-"
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iso(seconds: float | None) -> str | None:
    """A time for JSON: RFC 3339 in UTC, to the microsecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat().replace("+00:00", "Z")
