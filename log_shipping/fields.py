"""A record's own fields: nested dictionaries, reached by dotted keys.

Plain dictionaries and lists in them are changed in place, so they have to be ours: `owned` copies.
"""

from __future__ import annotations

import operator
from typing import Any  # a field holds whatever the task gave it

Fields = dict[str, Any]

DEEPEST = 20  # levels of dictionaries that are copied; nobody reaches below by a dotted key


def set_deep(fields: Fields, key: str, value: object) -> None:
    """Set ``a.b.c``, making the dictionaries on the way; one that is no dictionary is replaced."""
    way = key.split(".")
    last = way.pop()
    for part in way:
        inner = fields.get(part)
        if type(inner) is not dict:
            inner = fields[part] = owned(inner) if isinstance(inner, dict) else {}
        fields = inner
    fields[last] = value


def owned(value: Any, depth: int = 0) -> Any:
    """A copy of nested dictionaries and lists, which may be changed; what they hold stays."""
    if depth < DEEPEST and isinstance(value, dict):
        return {name: owned(inner, depth + 1) for name, inner in value.items()}
    if type(value) is list:
        return value.copy()
    return value


def get_deep(fields: Fields, key: str, default: object = None) -> Any:
    """What ``a.b.c`` holds, or the default."""
    value: object = fields
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return default
        value = value[part]
    return value


def append_deep(fields: Fields, key: str, value: object) -> None:
    """Append to the list ``a.b.c``, which starts empty; what is no list becomes its first item."""
    found = get_deep(fields, key)
    if type(found) is list:
        found.append(value)
    elif isinstance(found, (list, tuple)):
        set_deep(fields, key, [*found, value])
    else:
        set_deep(fields, key, [value] if found is None else [found, value])


def add_deep(fields: Fields, key: str, number: object) -> None:
    """Add to the number ``a.b.c``, which starts at 0; what is no number is replaced."""
    if type(number) is not int and type(number) is not float:
        number = _plain(number)
    try:
        total = get_deep(fields, key, 0) + number
    except Exception:  # a text, an array: there is no sum
        total = number
    set_deep(fields, key, total)


def _plain(number: Any) -> object:
    """An int or a float of the same value; numpy's own would overflow, a Decimal adds to none."""
    try:
        return operator.index(number)
    except Exception:  # no whole number
        try:
            return float(number)
        except Exception:  # no number at all
            return number
