"""A record as a line of JSON where orjson alone does not do: hostile values, too many bytes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any  # a value may be anything

import orjson

from log_shipping.values import cleaned

Document = dict[str, Any]

OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY
_CLIPS = (1000, 200, 40)  # longest texts, in characters, and lists, in tenths, tried in turn


def careful(document: Document) -> bytes:
    """The line where orjson fails: cycles, tuple keys, lone surrogates, integers of 65 bits."""
    text = json.dumps(_clean(document), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _clean(document: Document) -> Document:
    """A copy that the standard library's encoder takes, its time as orjson writes it."""
    ts = document.get("ts")
    copy: Document = cleaned(document)
    if isinstance(ts, datetime):
        copy["ts"] = orjson.loads(orjson.dumps(ts, option=OPTIONS))
    return copy


def shortened(document: Document, max_bytes: int) -> bytes:
    """The line with texts and lists cut, and ``truncated`` set.

    Where that is not enough the first fields that fit are kept, and ``left_out`` counts the rest.
    """
    short = _clean(document) | {"truncated": True}
    for longest in _CLIPS:
        line = careful({name: _clipped(value, longest) for name, value in short.items()})
        if len(line) <= max_bytes:
            return line
    least = {name: _clipped(value, _CLIPS[-1]) for name, value in short.items()}
    nested = [name for name, value in least.items() if isinstance(value, dict) and value]
    if nested:
        many = max(nested, key=lambda name: _size(least[name]))
        fields = least.pop(many)
        room = max_bytes - len(careful({**least, many: {}, "left_out": _leaves(fields)}))
        kept = _first_that_fit(fields, room)
        least |= {many: kept, "left_out": _leaves(fields) - _leaves(kept)}
    # A limit so low that not even the core fits: the largest go.
    for name in sorted(least, key=lambda name: _size(least[name]), reverse=True):
        if len(line := careful(least)) <= max_bytes:
            return line
        del least[name]
    return careful({"truncated": True})


def _first_that_fit(fields: Document, room: int) -> Document:
    kept: Document = {}
    for name, value in fields.items():
        size = _size({name: value}) - 1  # braces and newline away, a comma more
        if size > room and isinstance(value, dict):
            value = _first_that_fit(value, room - _size({name: {}}) + 1)
            size = _size({name: value}) - 1 if value else room + 1
        if size <= room:
            kept[name] = value
            room -= size
    return kept


def _leaves(value: object) -> int:
    return sum(map(_leaves, value.values())) if isinstance(value, dict) else 1


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _clipped(value: Any, longest: int) -> Any:
    if isinstance(value, str) and len(value) > longest:
        # The ends say most: a message's start, a stack's innermost call.
        return f"{value[: longest // 2]} … {value[-longest // 2 :]}"
    if isinstance(value, list):
        kept = [_clipped(item, longest) for item in value[: longest // 10]]
        return kept if len(kept) == len(value) else [*kept, "…"]
    if isinstance(value, dict):
        return {_clipped(name, longest): _clipped(item, longest) for name, item in value.items()}
    return value
