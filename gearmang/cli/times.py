"""Options that are spans or points of time, read by `gearmang.durations`."""

from __future__ import annotations

import time
from typing import Any

import click

from gearmang.durations import BadTime, moment, seconds


class Span(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A span such as ``180d`` or ``1h30m``, passed on in seconds.

    Args:
        least: the shortest that is taken, in seconds.
    """

    name = "SPAN"

    def __init__(self, least: float = 0.0) -> None:
        self._least = least

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            span = float(value) if isinstance(value, (int, float)) else seconds(value)
        except BadTime as error:
            self.fail(str(error), param, ctx)
        if span < self._least:
            self.fail(f"{value!r} is too short", param, ctx)
        return span


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A span back from now, or a date: passed on in seconds since the epoch."""

    name = "WHEN"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return float(value) if isinstance(value, (int, float)) else moment(value)
        except BadTime as error:
            self.fail(str(error), param, ctx)


class Until(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A span from now on, or a date to come: passed on in seconds since the epoch."""

    name = "UNTIL"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        now = time.time()
        try:
            until = now + seconds(value)
        except BadTime:
            try:
                until = moment(value, now)
            except BadTime as error:
                self.fail(str(error), param, ctx)
        if until <= now:
            self.fail(f"{value} is past", param, ctx)
        return until
