"""How names, numbers, durations and limits are written in a check's output and perfdata."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

from nagiosplugin.range import Range

from gearmang.terminal import clean

LONGEST_NAME = 64  # bytes of a name in a sentence
LONGEST_LABEL = 60  # characters of a perfdata label
SUMS = frozenset({"arrived", "kept", "_others"})  # labels of sums over functions
DISTINCT_PREFIX = 19  # characters by which RRD tells two labels apart

_FIT_FOR_LABEL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@/+-")


def shown(name: str) -> str:
    """A name for a sentence: no control character, not endless."""
    text = clean(name) or "''"
    data = text.encode()
    if len(data) <= LONGEST_NAME:
        return text
    return data[: LONGEST_NAME - len("…".encode())].decode("utf-8", "ignore") + "…"


def label(name: str, quantity: str = "", server: str = "", *, of_all: bool = False) -> str:
    """A perfdata label that Nagios, RRD and Graphite take, the same for the same series always.

    A short and harmless one stands as it is: ``resize``, ``resize busy``, ``resize@gm1:4730``. Any
    other is cleaned and gets its checksum in front, so that no two series share a label, nor the
    19 characters by which RRD knows it. The names of sums (``of_all``) are no function's.
    """
    text = f"{name}@{server}" if server else name
    fit = "".join(letter if letter in _FIT_FOR_LABEL else "_" for letter in text)
    whole = f"{fit} {quantity}" if quantity else fit
    if fit == text and 0 < len(whole) <= DISTINCT_PREFIX and (of_all or name not in SUMS):
        return whole
    checksum = crc32(f"{text} {quantity}".encode("utf-8", "surrogateescape"))
    return f"{checksum:08x}~{whole}"[:LONGEST_LABEL]


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
