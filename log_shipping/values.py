"""Any value, made fit for JSON as well as it can be; nothing in here raises."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

LONGEST_REPR = 1000  # characters kept of the repr of an object that JSON has no form for
DEEPEST = 20  # levels of nesting; what lies below is kept as its repr
MOST_BITS = 512  # of an integer that is written in digits; a longer one is written in hex


def json_form(value: object) -> Any:
    """What stands for a value whose type the encoder does not know."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, AbstractSet):
        return list(value)
    if isinstance(value, Iterable) and hasattr(value, "__len__") and hasattr(value, "__getitem__"):
        return list(value)
    # str of a Decimal, a Path, a Fraction says it exactly; for the rest it is as good as the repr.
    return text_of(value)


def text_of(value: object) -> str:
    """The object as text, cut to `LONGEST_REPR`, whatever its ``__str__`` does."""
    try:
        text = str(value)
    except Exception as error:
        return f"<{type(value).__name__}: its text raised {type(error).__name__}>"
    return text if len(text) <= LONGEST_REPR else text[:LONGEST_REPR] + "…"


def cleaned(value: object, depth: int = 0, around: tuple[int, ...] = ()) -> Any:
    """A copy made of what the standard library's JSON encoder takes.

    Args:
        value: anything.
        depth: how deep in the record the value lies.
        around: the ids of the containers that the value lies in, by which a cycle is told.
    """
    try:
        return _cleaned(value, depth, around)
    except Exception as error:
        return f"<{type(value).__name__}: reading it raised {type(error).__name__}>"


def _cleaned(value: object, depth: int, around: tuple[int, ...]) -> Any:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return str(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int):
        return int(value) if int(value).bit_length() <= MOST_BITS else hex(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if id(value) in around:
        return "<cycle>"
    if depth >= DEEPEST:
        return text_of(value)
    inner = (*around, id(value))
    if isinstance(value, Mapping):
        return {
            cleaned(text_of(key)): cleaned(item, depth + 1, inner)
            for key, item in list(value.items())
        }
    if isinstance(value, (list, tuple)):
        return [cleaned(item, depth + 1, inner) for item in value]
    return cleaned(json_form(value), depth + 1, inner)
