"""Small drawings as SVG: lines of waiting jobs, a day of a function, tasks over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from gearmang.web.samples import Sample

_WIDTH, _HEIGHT = 60, 18  # of a line in a table, in its own units
_PLOT_WIDTH, _PLOT_HEIGHT, _LEFT, _BELOW = 1100, 190, 52, 20
_SPAN: Final = 5  # minutes that one point of a day stands for
_BARS: Final = 60  # height of the bars of counts


class Drawn(NamedTuple):
    """A line for a table.

    Attributes:
        path: of SVG.
        told: what it shows, for who does not see it.
    """

    path: str
    told: str


def sparkline(values: Sequence[int | None]) -> Drawn | None:
    """A line of counts, broken at gaps; None where there was nothing but zeros."""
    known = [value for value in values if value is not None]
    most = max(known, default=0)
    if not most:
        return None
    step = _WIDTH / max(1, len(values) - 1)
    height = _HEIGHT - 2
    points = [
        None if value is None else (number * step, 1 + height - value / most * height)
        for number, value in enumerate(values)
    ]
    return Drawn(_path(points), f"at most {most}, {known[-1]} at the end")


def day(samples: Sequence[tuple[int, Sample | None]]) -> Markup | None:
    """Waiting and running of a day, each point the most of five minutes; None without samples."""
    spans: dict[int, list[Sample | None]] = {}
    for minute, sample in samples:
        spans.setdefault(minute // _SPAN, []).append(sample)
    if len(spans) < 2:  # a line has two ends
        return None
    waiting, running = (
        [_most(spans.get(span, []), field) for span in range(min(spans), max(spans) + 1)]
        for field in ("waiting", "running")
    )
    top = rounded(max(value or 0 for value in (*waiting, *running)))
    lines = (_points(waiting, top), _points(running, top))
    return _plot(
        top,
        f'<path class="first" d="{_path(lines[0])}"/><path class="second" d="{_path(lines[1])}"/>',
        f"waiting and running jobs, at most {max(value or 0 for value in waiting)} waiting",
    )


def tasks(counts: Sequence[tuple[int, int, float | None]]) -> Markup | None:
    """Counts, failures and the 95th percentile of the duration, by spans of time.

    The percentile is drawn above the bars, on a scale of its own.
    """
    if not counts:
        return None
    most = rounded(max(count for count, _, _ in counts))
    top = max((p95 or 0 for _, _, p95 in counts), default=0) or 1
    slot = (_PLOT_WIDTH - _LEFT) / len(counts)
    bars = []
    for number, (count, failed, _) in enumerate(counts):
        x = _LEFT + number * slot
        for value, kind in ((count, "bar"), (failed, "failed")):
            high = value / most * _BARS
            if high:
                bars.append(
                    f'<rect class="{kind}" x="{x:.1f}" y="{_PLOT_HEIGHT - high:.1f}"'
                    f' width="{max(slot - 1, 1):.1f}" height="{high:.1f}"/>'
                )
    above = _PLOT_HEIGHT - _BARS - 10
    line = [
        None if p95 is None else (_LEFT + (number + 0.5) * slot, above - p95 / top * (above - 10))
        for number, (_, _, p95) in enumerate(counts)
    ]
    body = "".join(bars) + f'<path class="first" d="{_path(line)}"/>'
    label = (
        f'<text x="{_LEFT - 6}" y="{_PLOT_HEIGHT - _BARS + 4}" text-anchor="end">{most:g}</text>'
    )
    told = f"tasks over time, at most {max(count for count, _, _ in counts)} in one span"
    return _svg(label + body, told)


def rounded(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten, 1 at least."""
    power = 1.0
    while True:
        for step in (1, 2, 5):
            if step * power >= value:
                return step * power
        power *= 10


def _most(samples: Sequence[Sample | None], field: str) -> int | None:
    known = [getattr(sample, field) for sample in samples if sample is not None]
    return max(known, default=None)


def _points(values: Sequence[int | None], top: float) -> list[tuple[float, float] | None]:
    step = (_PLOT_WIDTH - _LEFT) / max(1, len(values) - 1)
    return [
        None
        if value is None
        else (_LEFT + number * step, _PLOT_HEIGHT - value / top * (_PLOT_HEIGHT - 10))
        for number, value in enumerate(values)
    ]


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    parts, pen = [], "M"
    for number, point in enumerate(points):
        if point is None:
            pen = "M"
            continue
        parts.append(f"{pen}{point[0]:.4g} {point[1]:.4g}")
        alone = pen == "M" and (number + 1 == len(points) or points[number + 1] is None)
        if alone:
            parts.append("h1")  # one point between two gaps is a dot
        pen = "L"
    return "".join(parts)


def _plot(top: float, body: str, told: str) -> Markup:
    grid = []
    for part in (0.0, 0.5, 1.0):
        y = _PLOT_HEIGHT - part * (_PLOT_HEIGHT - 10)
        grid.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_PLOT_WIDTH}" y1="{y:.0f}" y2="{y:.0f}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.0f}" text-anchor="end">{top * part:g}</text>'
        )
    return _svg("".join(grid) + body, told)


def _svg(body: str, told: str) -> Markup:
    """All of it is made of our own numbers."""
    return Markup(  # noqa: S704 # numbers and fixed words only
        f'<svg class="plot" viewBox="0 0 {_PLOT_WIDTH} {_PLOT_HEIGHT + _BELOW}" role="img"'
        f' aria-label="{told}">{body}</svg>'
    )
