"""One record as one line of JSON, whatever it holds and however long it is."""

import json
from typing import Any

import orjson

from log_shipping.values import cleaned, json_form

Document = dict[str, Any]

_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY
_CLIPS = (1000, 200, 40)  # longest texts, in characters, and lists, in tenths, tried in turn


def encode(document: Document, max_bytes: int) -> bytes:
    """The record as a line with its newline, of at most ``max_bytes`` bytes.

    A record that is too long has its texts and lists cut and ``truncated`` set; the fields that
    the task itself set go last.
    """
    line = _dump(document)
    if len(line) <= max_bytes:
        return line
    short = dict(cleaned(_readable(document)), truncated=True)
    for clip in _CLIPS:
        line = _dump({name: _clipped(value, clip) for name, value in short.items()})
        if len(line) <= max_bytes:
            return line
    short.pop("fields", None)
    return _dump({name: _clipped(value, _CLIPS[-1]) for name, value in short.items()})


def _dump(document: Document) -> bytes:
    try:
        return orjson.dumps(document, default=json_form, option=_OPTIONS)
    except Exception:  # cycles, tuple keys, lone surrogates, integers of 65 bits, hostile objects
        text = json.dumps(cleaned(_readable(document)), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace") + b"\n"


def _readable(document: Document) -> Document:
    """The same with times as text, which the standard library's encoder has no form for."""
    return {
        name: orjson.loads(orjson.dumps(value, option=_OPTIONS)) if name == "ts" else value
        for name, value in document.items()
    }


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
