"""Durations and failures over time, drawn as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, BELOW = 860, 180, 64, 22  # of one drawing, in pixels
BARS = 46  # height of the bars of counts, in pixels
TICKS = 4
LINES = (("p50", "#1f6f54"), ("p95", "#c98a1b"), ("p99", "#7a4fb0"))
OK, FAILED = "#9fb8c8", "#b3362b"

STYLE = """
:root { color-scheme: light dark; --ink: #1d2326; --faint: #8a9399; --rule: #e3e7e9; --paper: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ec; --faint: #8c979d; --rule: #30383c; --paper: #15191b } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
       max-width: 900px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.35rem; margin: 0 } h2 { font-size: 1.05rem; margin: 2rem 0 .2rem }
p, figcaption { color: var(--faint); margin: .15rem 0 .6rem }
figure { margin: 0 } svg { width: 100%; height: auto; display: block }
text { font: 11px system-ui, sans-serif; fill: var(--faint) }
.rule { stroke: var(--rule) } .key { display: inline-block; width: .8em; height: .8em;
  margin: 0 .3em 0 1em; border-radius: 2px }
"""


class Point(NamedTuple):
    """One span of time of one task."""

    time: datetime
    jobs: int
    failures: int
    p50: float | None
    p95: float | None
    p99: float | None


def page(title: str, series: Mapping[str, Sequence[Point]], every_s: int, unit: str) -> str:
    """The page: one section a task, each with its durations above its counts.

    Args:
        title: what it is about.
        series: the points of each task, in the order of time.
        every_s: seconds of one span of time.
        unit: what the quantiles are in, such as ``ms``.
    """
    times = [point.time for points in series.values() for point in points]
    first, last = min(times), max(times)
    keys = "".join(
        f'<span class="key" style="background:{colour}"></span>{name}' for name, colour in LINES
    )
    sections = "".join(
        f"<h2>{escape(task)}</h2><figure><figcaption>{_summary(points)}</figcaption>"
        f"{_drawing(points, first, last, every_s, unit)}</figure>"
        for task, points in series.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><h1>{escape(title)}</h1>"
        f"<p>{_when(first)} to {_when(last)} UTC, by {every_s} s{keys}"
        f'<span class="key" style="background:{OK}"></span>done'
        f'<span class="key" style="background:{FAILED}"></span>failed</p>{sections}</html>\n'
    )


def _summary(points: Sequence[Point]) -> str:
    count = sum(point.jobs for point in points)
    failed = sum(point.failures for point in points)
    return f"{count:,} done, of them {failed:,} failed ({failed / max(count, 1):.1%})"


def _drawing(
    points: Sequence[Point], first: datetime, last: datetime, every_s: int, unit: str
) -> str:
    span = max((last - first).total_seconds(), 0) + every_s
    slot = (WIDTH - LEFT) / (span / every_s)
    top = _round_up(max((point.p99 or 0 for point in points), default=0))
    most = _round_up(max(point.jobs for point in points))
    base = HEIGHT + BARS + 18

    def x(moment: datetime) -> float:
        return LEFT + (moment - first).total_seconds() / span * (WIDTH - LEFT)

    parts = [f'<svg viewBox="0 0 {WIDTH} {base + BELOW}" role="img">']
    for step in range(TICKS + 1):
        y = HEIGHT - step / TICKS * (HEIGHT - 10)
        parts.append(f'<line class="rule" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        label = f"{top * step / TICKS:,.4g} {unit}"
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for name, colour in LINES:
        parts.append(_line(points, name, colour, top, lambda moment: x(moment) + slot / 2, every_s))
    parts.append(f'<text x="{LEFT - 6}" y="{base - BARS + 8}" text-anchor="end">{most:,.4g}</text>')
    parts.append(f'<text x="{LEFT - 6}" y="{base}" text-anchor="end">jobs 0</text>')
    for point in points:
        for value, colour in ((point.jobs, OK), (point.failures, FAILED)):
            high = value / most * BARS
            parts.append(
                f'<rect x="{x(point.time) + slot * 0.1:.1f}" y="{base - high:.1f}" fill="{colour}"'
                f' width="{max(slot * 0.8, 0.5):.1f}" height="{high:.1f}">'
                f"<title>{_when(point.time)}: {point.jobs:,} jobs, {point.failures:,} failed"
                "</title></rect>"
            )
    for moment, anchor, place in ((first, "start", LEFT), (last, "end", WIDTH)):
        parts.append(
            f'<text x="{place}" y="{base + 15}" text-anchor="{anchor}">{_when(moment)}</text>'
        )
    return "".join((*parts, "</svg>"))


def _line(
    points: Sequence[Point],
    name: str,
    colour: str,
    top: float,
    middle: Callable[[datetime], float],
    every_s: int,
) -> str:
    """A line that breaks where nothing was done."""
    path, before = [], None
    for point in points:
        value = getattr(point, name)
        if value is None:
            continue
        gap = before is None or (point.time - before).total_seconds() > every_s * 1.5
        y = HEIGHT - value / top * (HEIGHT - 10)
        path.append(f"{'M' if gap else 'L'}{middle(point.time):.1f} {y:.1f}")
        if gap:
            path.append("h0.01")  # a span between two gaps shows as a dot
        before = point.time
    return (
        f'<path d="{" ".join(path)}" fill="none" stroke="{colour}" stroke-width="1.8"'
        ' stroke-linejoin="round" stroke-linecap="round"/>'
    )


def _round_up(value: float) -> float:
    """The next 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 10.0 ** -len(f"{1 / value:.0f}")
    return next(step * power for step in (1, 2, 2.5, 5, 10, 20) if step * power >= value)


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
