"""Text from the queue, made fit for a terminal: no escape sequence reaches the reader's screen."""

from __future__ import annotations

import re

# C0 controls but for tab and newline, DEL, the C1 controls, what reorders text invisibly, and
# surrogates: bytes that were no UTF-8 (by surrogateescape), or halves of a character.
_CONTROLS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
_CONTROLS_AND_BREAKS = _CONTROLS.replace("\x08\x0b", "\x08\t\n\x0b")


def clean(text: str) -> str:
    """The text on one line: every control character, tab and newline too, written as ``\\xNN``."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_CONTROLS_AND_BREAKS, _escaped, text)


def clean_lines(text: str) -> str:
    """The same for text of several lines: tabs and newlines stay."""
    return re.sub(_CONTROLS, _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # the byte that surrogateescape has put there
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
