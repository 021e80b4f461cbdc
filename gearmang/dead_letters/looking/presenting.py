"""A payload as people can read it: JSON set out, text as text, anything else in hexadecimal."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import orjson

from gearmang.masking import masked, masked_text

MOST_BYTES: Final = 64 * 1024  # of a payload that a page shows
_BYTES_A_LINE: Final = 16
_FRAME: Final = '  File "'
_OURS: Final = ("/gearmang/worker/", "/gearmang/job/", "/log_shipping/")


class Shown(NamedTuple):
    """A payload made readable.

    Attributes:
        form: ``json``, ``text`` or ``bytes``.
        value: the document, the text, or the bytes in hexadecimal: what ``--json`` prints.
        text: what a terminal shows; not yet cleaned.
    """

    form: str
    value: Any
    text: str


def shown(payload: bytes, *, secrets: bool = False, most: int = MOST_BYTES) -> Shown:
    """Make a payload readable.

    Args:
        secrets: show values whose names or form say that they are secret.
        most: bytes to show; what is left out is told.
    """
    if len(payload) <= most:
        try:
            document = orjson.loads(payload)
            document = document if secrets else masked(document)
            return Shown(
                "json", document, orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
            )
        except (ValueError, RecursionError):
            pass
    part, left_out = payload[:most], len(payload) - most
    note = f"\n… {left_out} more bytes; `gearmang dead export` has them all" if left_out > 0 else ""
    try:
        text = part.decode("utf-8") if left_out <= 0 else part.decode("utf-8", "ignore")
        if "\0" not in text:
            text = text if secrets else masked_text(text)
            return Shown("text", text, text + note)
    except UnicodeDecodeError:
        pass
    return Shown("bytes", part.hex(), hex_lines(part) + note)


def hex_lines(data: bytes) -> str:
    """Sixteen bytes a line, with what can be read of them beside."""
    lines = []
    for start in range(0, len(data), _BYTES_A_LINE):
        row = data[start : start + _BYTES_A_LINE]
        readable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:08x}  {row.hex(' '):<47}  {readable}")
    return "\n".join(lines)


def from_the_users_frame(traceback: str) -> str:
    """A traceback without the calls of the worker before the user's first; whole where all are."""
    lines = traceback.splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if line.startswith(_FRAME)]
    ours = next((at for at in starts if not any(part in lines[at] for part in _OURS)), None)
    if ours is None or ours == starts[0]:
        return traceback
    return "".join([*lines[: starts[0]], *lines[ours:]])
