"""Drawings over time as HTML that fits any width: shapes in SVG are stretched, texts are not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

HEIGHT = 100.0  # of a drawing, in its own units; the width has 1,000
WIDTH = 1000.0
FEWEST = 6  # spans of time that a drawing shows, so that one bar is not a wall
LEAST = 2.0  # units: the height of the lowest bar that is not nothing, so that 1 % is seen
LABELS = 5  # of times below a drawing
STEPS = (1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800)  # seconds


@dataclass(frozen=True)
class Frame:
    """The time that all drawings of a page show.

    Attributes:
        start, end: in seconds since the epoch.
        every_s: seconds of one span of time.
    """

    start: float
    end: float
    every_s: int

    @classmethod
    def around(cls, times: Iterable[float], every_s: int) -> Frame:
        """The frame of the spans that start at these times, at least one."""
        found = sorted(times)
        first, end = found[0], found[-1] + every_s
        missing = max(0, FEWEST - round((end - first) / every_s))
        return cls(
            first - missing // 2 * every_s, end + (missing - missing // 2) * every_s, every_s
        )

    def x(self, at: float) -> float:
        """Where a time lies, from 0 to the width."""
        return (at - self.start) / (self.end - self.start) * WIDTH

    def labels(self) -> list[tuple[float, str]]:
        """Round times of the terminal's zone, each with its place."""
        span = self.end - self.start
        step = next((step for step in STEPS if span / step <= LABELS), STEPS[-1])
        offset = datetime.fromtimestamp(self.start).astimezone().utcoffset()
        east = offset.total_seconds() if offset else 0.0
        at = math.ceil((self.start + east) / step) * step - east
        form = "%d %b" if step >= 86_400 else "%H:%M:%S" if step < 60 else "%H:%M"
        found = []
        while at < self.end:
            local = datetime.fromtimestamp(at)  # noqa: DTZ006  # the terminal's zone is meant
            day = step < 86_400 and span > 86_400 and local.hour == 0
            found.append((self.x(at), f"{local:%d %b}" if day else f"{local:{form}}"))
            at += step
        return found


def bars(frame: Frame, values: Sequence[tuple[float, float, str]], top: float, kind: str) -> str:
    """A bar for each time and value, with what is told where a pointer rests."""
    width = frame.every_s / (frame.end - frame.start) * WIDTH
    parts = []
    for at, value, told in values:
        if value > 0:
            high = max(value / top * HEIGHT, LEAST)
            parts.append(
                f'<rect class="{kind}" x="{frame.x(at) + width * 0.08:.2f}" y="{HEIGHT - high:.2f}"'
                f' width="{max(width * 0.84, 0.8):.2f}" height="{high:.2f}">'
                f"<title>{escape(told)}</title></rect>"
            )
    return "".join(parts)


def line(frame: Frame, values: Sequence[tuple[float, float]], top: float, kind: str) -> str:
    """A line that breaks where there is nothing."""
    path = "".join("M" + "L".join(_points(frame, run, top)) for run in _runs(values, frame.every_s))
    return f'<path class="{kind}" d="{path}"/>' if path else ""


def band(frame: Frame, values: Sequence[tuple[float, float, float]], top: float, kind: str) -> str:
    """The area between two values, such as p50 and p95."""
    path = ""
    for run in _runs(values, frame.every_s):
        lower = _points(frame, [(at, low) for at, low, _ in run], top)
        upper = _points(frame, [(at, high) for at, _, high in run], top)
        path += "M" + "L".join([*upper, *reversed(lower)]) + "Z"
    return f'<path class="{kind}" d="{path}"/>' if path else ""


def chart(frame: Frame, shapes: str, top: float, written: Callable[[float], str], key: str) -> str:
    """A drawing with its labels.

    Args:
        shapes: what `bars`, `line` and `band` gave.
        top: the value at its upper edge.
        written: writes a value for the axis.
        key: what it is a drawing of, in words; already HTML.
    """
    rules = "".join(
        f'<line class="rule" x1="0" x2="{WIDTH:g}" y1="{y:g}" y2="{y:g}"/>'
        for y in (0, HEIGHT / 2, HEIGHT)
    )
    sides = "".join(
        f'<span style="top:{100 - share * 100:g}%">{escape(written(top * share))}</span>'
        for share in (1, 0.5, 0)
    )
    times = "".join(
        f'<span style="left:{x / WIDTH * 100:.2f}%">{escape(text)}</span>'
        for x, text in frame.labels()
    )
    return (
        f'<figure><figcaption>{key}</figcaption><div class="chart"><div class="y">{sides}</div>'
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none" role="img">'
        f'{rules}{shapes}</svg><div class="x">{times}</div></div></figure>'
    )


def round_up(value: float) -> float:
    """The next 1, 2, 2.5 or 5 times a power of ten: where an axis that fits ends."""
    if not value > 0 or math.isinf(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10, 20) if step * power >= value * 0.9999)


def _runs(values: Sequence[tuple[float, ...]], every_s: int) -> list[list[tuple[float, ...]]]:
    found: list[list[tuple[float, ...]]] = []
    for one in values:
        if found and one[0] - found[-1][-1][0] <= every_s * 1.5:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _points(frame: Frame, run: Sequence[tuple[float, ...]], top: float) -> list[str]:
    """Through the middle of each span, and from the first one's start to the last one's end."""
    ends = ((run[0][0], run[0][1]), (run[-1][0] + frame.every_s, run[-1][1]))
    middle = [(at + frame.every_s / 2, value) for at, value in ((one[0], one[1]) for one in run)]
    return [
        f"{frame.x(at):.2f} {HEIGHT - min(value / top, 1) * HEIGHT:.2f}"
        for at, value in (ends[0], *middle, ends[1])
    ]
