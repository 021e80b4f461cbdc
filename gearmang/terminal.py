"""Text from the queue, made fit for a terminal: no escape sequence reaches the reader's screen."""

import re

# C0 controls but for tab and newline, DEL, the C1 controls, and what reorders text invisibly.
_CONTROLS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
_CONTROLS_AND_BREAKS = "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"


def clean(text: str) -> str:
    """The text on one line: every control character, tab and newline too, written as ``\\xNN``."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_CONTROLS_AND_BREAKS, _escaped, _printable(text))


def clean_lines(text: str) -> str:
    """The same for text of several lines: tabs and newlines stay."""
    return re.sub(_CONTROLS, _escaped, _printable(text))


def _printable(text: str) -> str:
    """Bytes that were no UTF-8 (lone surrogates by surrogateescape) as ``\\xNN``."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
