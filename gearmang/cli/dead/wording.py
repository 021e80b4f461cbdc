"""Numbers as people read them."""

from __future__ import annotations

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def letters(number: int) -> str:
    """``1 letter``, ``2 letters``."""
    return f"{number} letter" if number == 1 else f"{number} letters"


def size(count: int) -> str:
    """Bytes in the largest unit that fits: ``20 B``, ``22.0 MiB``."""
    amount, unit = float(count), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit else f"{count} B"


PAST = {"edit": "edited", "remove": "removed", "requeue": "requeued", "resolve": "resolved"}
"""What a plan's action has done to a letter."""
