"""Single keys from a terminal, without waiting for Enter."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

_ESCAPES = {b"\x1b[A": "up", b"\x1b[B": "down", b"\x1b[5~": "page up", b"\x1b[6~": "page down"}
_NAMES = {b"\x1b": "escape", b"\r": "enter", b"\n": "enter", b"\x7f": "rubout", b"\b": "rubout"}


@contextmanager
def keyboard() -> Iterator[int]:
    """The terminal's descriptor in cbreak mode; as it was when the block ends, however it does."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield descriptor
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def keys(descriptor: int, timeout: float) -> Iterator[str]:
    """The keys that are pressed within ``timeout`` seconds: letters, and names such as ``up``.

    A closed terminal is the key ``q``.
    """
    ready, _, _ = select.select([descriptor], [], [], timeout)
    if not ready:
        return
    try:
        data = os.read(descriptor, 1024)
    except OSError:
        data = b""
    if not data:
        yield "q"
    yield from named(data)


def named(data: bytes) -> Iterator[str]:
    """What a terminal sent, as keys."""
    while data:
        for sequence, name in _ESCAPES.items():
            if data.startswith(sequence):
                yield name
                data = data[len(sequence) :]
                break
        else:
            first = data[:1]
            yield _NAMES.get(first) or first.decode("ascii", "ignore")
            # What follows an unknown escape sequence's beginning is no text.
            data = b"" if first == b"\x1b" else data[1:]
