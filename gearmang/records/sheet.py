"""The page that ``gearmang logs plot`` and ``gearmang report`` write: one file, whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from gearmang.durations import short, told
from gearmang.records.drawing import Frame, band, bars, chart, line, round_up
from gearmang.records.picture import Picture, Point
from gearmang.records.questions import CauseOverTime
from gearmang.terminal import clean

# Contrasts of texts at least 4.5, of drawings at least 3 (WCAG 2.2 AA), on light and on dark.
STYLE = """
:root { color-scheme: light dark; --ink: #1d2326; --faint: #566168; --rule: #dde2e5; --paper: #fff;
  --done: #4a7fa3; --failed: #b3261e; --mid: #1f6f54; --high: #8a5a00; --band: #d9a94066 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ec; --faint: #a3adb3; --rule: #30383c;
  --paper: #15191b; --done: #6fa8cc; --failed: #ff7b72; --mid: #56d4a0; --high: #e3b341;
  --band: #e3b34140 } }
* { box-sizing: border-box }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1080px; margin: 1.5rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.4rem; margin: 0 0 .2rem; line-height: 1.25 }
h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; padding-top: .8rem;
  border-top: 1px solid var(--rule) }
p, figcaption { color: var(--faint); margin: .15rem 0 .5rem } figcaption { font-size: 13px }
p.said { color: var(--ink) } b { color: var(--ink); font-weight: 600 }
b.bad { color: var(--failed) }
figure { margin: .6rem 0 1.1rem }
.row { display: grid; gap: 0 1.6rem; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)) }
.chart { display: grid; grid-template-columns: 4.2rem 1fr; grid-template-rows: 108px 1.3rem }
.chart svg { width: 100%; height: 108px; display: block; overflow: visible }
.y, .x { position: relative; font-size: 12px; color: var(--faint); white-space: nowrap }
.y span { position: absolute; right: .5rem; transform: translateY(-50%) }
.x { grid-column: 2; overflow: hidden } .x span { position: absolute; top: .15rem }
.x span:not(:first-child) { transform: translateX(-50%) }
.rule { stroke: var(--rule); vector-effect: non-scaling-stroke }
.done { fill: var(--done) } .failed { fill: var(--failed) } .band { fill: var(--band) }
.mid, .high { fill: none; stroke: var(--mid); stroke-width: 2px; stroke-linejoin: round;
  vector-effect: non-scaling-stroke } .high { stroke: var(--high) }
.key { display: inline-block; width: .75em; height: .75em; margin: 0 .3em 0 .6em;
  border-radius: 2px }
ul { padding-left: 1.2rem; margin: .4rem 0 } code { font-size: 13px }
"""


WORDS = {"duration_ms": "time taken", "queue_ms": "time waited from submission to start"}


class Deaths(NamedTuple):
    """A cause of dead letters: fingerprint, function, error, how many letters there are."""

    fingerprint: str
    function: str
    error: str
    letters: int


def sheet(
    title: str,
    found: Picture,
    *,
    by: str,
    of: str,
    mask: Callable[[str], str],
    deaths: Sequence[Deaths] | None = None,
) -> str:
    """The page.

    Args:
        title: what it is about, in words.
        found: what it shows; there is at least one span of time.
        by: the field of its groups.
        of: the number of its quantiles.
        mask: takes the secrets out of a message.
        deaths: causes of dead letters; None leaves the section out.
    """
    frame = Frame.around((point.time for point in found.whole), found.every_s)
    first, last = found.whole[0].time, found.whole[-1].time + found.every_s
    head = escape(title)
    sections = [_overview(frame, found, of)]
    sections += [
        f"<h2>{_text(by)} {_text(name)}</h2><p>{_counted(points)}</p>"
        f'<div class="row">{_counts(frame, points)}{_numbers(frame, points, of)}</div>'
        for name, points in found.groups.items()
        if len(found.groups) > 1
    ]
    sections += [_cause(frame, cause, mask) for cause in found.causes]
    if deaths is not None:
        sections.append(_deaths(deaths))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{head}</title><style>{STYLE}</style></head><body><h1>{head}</h1>"
        f"<p>{told(first)} to {told(last)}; each bar is {short(found.every_s)}</p>"
        f"<ul>{''.join(f'<li>{one}</li>' for one in summary(found, of, deaths))}</ul>"
        f"{''.join(sections)}</body></html>\n"
    )


def summary(found: Picture, of: str, deaths: Sequence[Deaths] | None) -> list[str]:
    """What matters, in sentences of HTML."""
    total = found.total
    if total is None:
        return ["no attempts"]
    written = writer(of)
    bad = f'<b class="bad">{total.failures:,}</b>' if total.failures else "<b>none</b>"
    said = [
        f"<b>{total.jobs:,}</b> {'attempt' if total.jobs == 1 else 'attempts'}, {bad} failed"
        + (f" ({percent(total.failures, total.jobs)})" if total.failures else "")
    ]
    if total.p95 is not None:
        said.append(
            f"{_named(of)}: half within <b>{written(total.p50 or 0)}</b>, 95 % within"
            f" <b>{written(total.p95)}</b>, the longest {written(total.most or 0)}"
        )
    if found.waits:
        longest = max(found.waits, key=lambda point: point.p95 or 0)
        said.append(
            f"jobs waited longest about {told(longest.time)}: 95 % within"
            f" <b>{short((longest.p95 or 0) / 1000)}</b>"
        )
    if found.causes:
        worst = found.causes[0]
        said.append(
            f"most frequent cause: <b>{_text(worst.error_type)}</b> in {_text(worst.task)}"
            f" (<code>{_text(worst.fingerprint)}</code>), {worst.failures:,} times"
        )
    if found.starts:
        said.append(f"<b>{len(found.starts):,}</b> workers were started")
    if deaths is not None:
        said.append(f"<b>{sum(one.letters for one in deaths):,}</b> dead letters arrived")
    if found.left_out:
        said.append(f"{found.left_out:,} odd values and unreadable lines were left out")
    return said


def percent(part: float, whole: float) -> str:
    """A share, with as many digits as say something: ``0.02 %``, ``1.3 %``, ``25 %``."""
    share = 100 * part / whole if whole else 0.0
    return f"{share:.2g} %" if share < 10 else f"{share:.0f} %"


def writer(of: str) -> Callable[[float], str]:
    """Writes values of a field: durations as people read them."""
    if of.endswith("_ms"):
        return lambda value: short(value / 1000)
    return lambda value: f"{value:,.4g}"


def _overview(frame: Frame, found: Picture, of: str) -> str:
    parts = [_counts(frame, found.whole), _numbers(frame, found.whole, of)]
    if found.waits:
        parts.append(_numbers(frame, found.waits, "queue_ms"))
    if found.starts:
        counts: dict[float, int] = {}
        for at in found.starts:
            span = frame.start + (at - frame.start) // frame.every_s * frame.every_s
            counts[span] = counts.get(span, 0) + 1
        values = [(at, float(n), f"{told(at)}: {n:,} started") for at, n in counts.items()]
        top = round_up(max(counts.values()))
        key = _key("done", "workers started")
        parts.append(chart(frame, bars(frame, values, top, "done"), top, _count, key))
    return f'<div class="row">{"".join(parts)}</div>'


def _counts(frame: Frame, points: Sequence[Point]) -> str:
    """Attempts above failures, each with an axis of its own: one failure in a hundred is seen."""
    top = round_up(max(point.jobs for point in points))
    values = [
        (one.time, float(one.jobs), f"{told(one.time)}: {one.jobs:,} attempts") for one in points
    ]
    drawn = chart(frame, bars(frame, values, top, "done"), top, _count, _key("done", "attempts"))
    worst = max(point.failures for point in points)
    if worst:
        top = round_up(worst)
        values = [
            (
                one.time,
                float(one.failures),
                f"{told(one.time)}: {one.failures:,} failed ({percent(one.failures, one.jobs)})",
            )
            for one in points
        ]
        key = _key("failed", "failures, with an axis of their own")
        drawn += chart(frame, bars(frame, values, top, "failed"), top, _count, key)
    return drawn


def _numbers(frame: Frame, points: Sequence[Point], of: str) -> str:
    """The band from p50 to p95, and p99 where it fits."""
    known = [
        (one.time, one.p50, one.p95, one.p99)
        for one in points
        if one.p50 is not None and one.p95 is not None and one.p99 is not None
    ]
    if not known:
        return f"<p>{_named(of)}: not recorded</p>"
    top = round_up(max(p95 for _, _, p95, _ in known))
    shapes = band(frame, [(at, p50, p95) for at, p50, p95, _ in known], top, "band")
    shapes += line(frame, [(at, p95) for at, _, p95, _ in known], top, "high")
    shapes += line(frame, [(at, p50) for at, p50, _, _ in known], top, "mid")
    key = f"{_named(of)}:{_key('mid', 'p50')}{_key('high', 'p95')}, highest p99 "
    key += f"<b>{writer(of)(max(p99 for *_, p99 in known))}</b>"
    return chart(frame, shapes, top, writer(of), key)


def _cause(frame: Frame, cause: CauseOverTime, mask: Callable[[str], str]) -> str:
    values = [
        (at, float(count), f"{told(at)}: {count:,}") for at, count in sorted(cause.times.items())
    ]
    drawn = ""
    if values:
        top = round_up(max(value for _, value, _ in values))
        drawn = chart(
            frame, bars(frame, values, top, "failed"), top, _count, _key("failed", "failures")
        )
    where = f" at <code>{_text(cause.where)}</code>" if cause.where else ""
    return (
        f"<h2>cause <code>{_text(cause.fingerprint)}</code></h2>"
        f'<p class="said"><b>{_text(cause.error_type)}</b> in {_text(cause.task)}{where},'
        f" {cause.failures:,} times</p><p>{_text(mask(cause.message or ''))}</p>{drawn}"
    )


def _deaths(deaths: Sequence[Deaths]) -> str:
    items = "".join(
        f"<li><b>{one.letters:,}</b> of <code>{_text(one.fingerprint)}</code>: {_text(one.error)}"
        f" in {_text(one.function)}</li>"
        for one in deaths
    )
    return f"<h2>dead letters that arrived, by cause</h2><ul>{items or '<li>none</li>'}</ul>"


def _counted(points: Sequence[Point]) -> str:
    count = sum(point.jobs for point in points)
    failed = sum(point.failures for point in points)
    return f"{count:,} attempts, {failed:,} failed ({percent(failed, count)})"


def _key(colour: str, name: str) -> str:
    return f'<span class="key" style="background:var(--{colour})"></span>{name}'


def _count(value: float) -> str:
    """A count on an axis; half a job is none."""
    return f"{value:,.0f}" if value == int(value) else ""


def _named(of: str) -> str:
    return _text(WORDS.get(of, of))


def _text(text: str) -> str:
    return escape(clean(text))
