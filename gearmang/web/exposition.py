"""Figures as OpenMetrics text: lines are made by hand, as 10,000 functions have 100,000 of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
END: Final = "# EOF\n"

_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
Kind = Literal["gauge", "counter", "stateset", "info", "histogram"]


def family(name: str, kind: Kind, told: str, lines: Iterable[str]) -> Iterator[str]:
    """One family: what it is, then its lines; nothing where there are none.

    Args:
        name: without ``_total``, which the lines of a counter have.
        told: for people, one sentence.
    """
    first = True
    for line in lines:
        if first:
            yield f"# TYPE {name} {kind}\n# HELP {name} {told.translate(_ESCAPES)}\n"
            first = False
        yield line


def labelled(**labels: str) -> str:
    """Labels as they stand in a line: ``{server="gm1:4730"}``."""
    return "{" + ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items()) + "}"


def escaped(text: str) -> str:
    """A label's value: bytes that are no UTF-8 are written as ``\\xNN``."""
    if not text.isascii():
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text.translate(_ESCAPES)
