"""From a template and values to a page: all text cleaned and escaped, secrets masked."""

from __future__ import annotations

import functools
import hashlib
import time
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gearmang.durations import from_iso, iso, short, told
from gearmang.masking import masked_text
from gearmang.terminal import clean_lines
from gearmang.web.desk import Desk
from gearmang.web.drawing import sparkline

_HERE: Final = Path(__file__).parent
_TYPES: Final = {
    "style.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_FOREVER: Final = "public, max-age=31536000, immutable"  # the address holds a digest
NOTHING: Final = "\N{EN DASH}"  # where a figure is not known
_LEAST_REFRESH: Final = 5  # seconds


def render(request: Request, template: str, status: int = 200, /, **values: Any) -> Response:
    """A page.

    Args:
        values: of the template; ``title`` is one, ``here`` is the path in the menu.
    """
    desk: Desk = request.app.state.desk
    sight = desk.poller.sight
    known: dict[str, Any] = {
        "visitor": request.scope["visitor"],
        "polled": None if sight is None else sight.at,
        "refresh": max(_LEAST_REFRESH, round(desk.settings.interval)),
        "here": "",
        "notices": notices(desk),
        "version": _version(),
        "has_records": bool(desk.settings.records),
    }
    text = environment().get_template(template).render(known | values)
    return HTMLResponse(text.encode("utf-8", "backslashreplace"), status)


def notices(desk: Desk) -> list[str]:
    """What every page says first: that the figures are old, or what could not be seen."""
    sight = desk.poller.sight
    if sight is None:
        return []
    old = (
        [] if desk.poller.is_fresh else [f"What you see is old: the last poll was {ago(sight.at)}."]
    )
    return [*old, *sight.problems]


def static(request: Request) -> Response:
    """One of our own files; there is no path in its name."""
    name = request.path_params["name"]
    if name not in _TYPES:
        return Response("no such file\n", 404, media_type="text/plain")
    return Response(
        _file(name)[0], headers={"Content-Type": _TYPES[name], "Cache-Control": _FOREVER}
    )


@functools.cache
def environment() -> Environment:
    """The templates, with the filters that they use."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_final,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "ago": ago,
        "clock": _clock,
        "file": _address,
        "iso": lambda at: _safe(iso, at) or "",
        "masked": lambda text: text if isinstance(text, Markup) else masked_text(str(text)),
        "milliseconds": lambda value: NOTHING if value is None else short(float(value) / 1000),
        "size": size,
        "span": lambda seconds: NOTHING if seconds is None else short(seconds),
        "sparkline": sparkline,
        "thousands": lambda value: f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}"),
        "zoned": lambda text: _safe(lambda at: told(from_iso(at)), text),
        "told": lambda at: _safe(told, at),
    }
    return made


def ago(at: float | None) -> str:
    """How long ago, in words that fit a cell."""
    if at is None:
        return NOTHING
    span = time.time() - at
    if span < 0:
        return f"in {short(-span)}" if span < -1 else "now"
    return f"{short(float(round(span)))} ago"


def size(count: int) -> str:
    """``640 B``, ``12.4 KiB``, ``3.1 MiB``."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def _final(value: Any) -> Any:
    """Every value that a template writes: no control character, nothing that turns text around."""
    if isinstance(value, Markup):
        return value
    return clean_lines(value) if isinstance(value, str) else value


def _safe(write: Any, at: Any) -> str:
    try:
        return str(write(at))
    except (ValueError, OverflowError, OSError):  # a worker's clock, or an attacker's
        return str(at)


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S %z")


def _address(name: str) -> str:
    return f"/static/{name}?{_file(name)[1]}"


@functools.cache
def _version() -> str:
    try:
        return metadata.version("gearmang")
    except metadata.PackageNotFoundError:  # run from a folder
        return ""


@functools.cache
def _file(name: str) -> tuple[bytes, str]:
    data = (_HERE / "static" / name).read_bytes()
    return data, hashlib.sha256(data).hexdigest()[:12]
