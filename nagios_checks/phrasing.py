"""How names, numbers and limits are written in a check's output and perfdata."""

from __future__ import annotations

from collections.abc import Callable

from nagiosplugin.range import Range

from gearmang.terminal import clean

LONGEST_NAME = 64  # bytes of a name in a sentence


def shown(name: str) -> str:
    """A name for a sentence: no control character, not endless.

    Of a long one both ends are kept: names of one bundle begin alike.
    """
    text = clean(name) or "''"
    data = text.encode()
    if len(data) <= LONGEST_NAME:
        return text
    half = (LONGEST_NAME - len("…".encode())) // 2
    return data[:half].decode("utf-8", "ignore") + "…" + data[-half:].decode("utf-8", "ignore")


def number(value: float) -> str:
    """Digits, a sign and a point only: perfdata knows no exponent."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.6f}".rstrip("0").rstrip(".")


def limit(kept: Range, write: Callable[[float], str] = number) -> str:
    """A range in words: ``500``, ``at least 1``, ``5 to 10``, ``not 5 to 10``."""
    start, end = kept.start, kept.end
    if end == float("inf"):
        text = f"at least {write(start)}"
    elif start == float("-inf") or (start == 0 and not kept.invert):
        text = write(end) if not kept.invert else f"at most {write(end)}"
    else:
        text = f"{write(start)} to {write(end)}"
    return f"not {text}" if kept.invert else text


def threshold(kept: Range) -> str:
    """A range as perfdata has it; empty for one that sets no limit."""
    start = "~:" if kept.start == float("-inf") else f"{number(kept.start)}:" if kept.start else ""
    end = "" if kept.end == float("inf") else number(kept.end)
    return ("@" if kept.invert else "") + start + end


def masked(text: str) -> str:
    """The text without the passwords of the addresses in it."""
    import re

    return re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", text)


def plural(count: int, noun: str) -> str:
    """``1 worker``, ``3 workers``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
