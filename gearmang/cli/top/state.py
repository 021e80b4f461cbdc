"""What the reader of ``gearmang top`` has chosen: order, filter, how far down; keys change it."""

from __future__ import annotations

from dataclasses import dataclass, replace

ORDERS = {
    "w": "waiting",
    "r": "running",
    "n": "workers",
    "a": "oldest",
    "t": "waited",
    "m": "moves",
    "f": "function",
}
PAGE = 10  # rows


@dataclass(frozen=True, slots=True)
class State:
    """The reader's choices.

    Attributes:
        order: the column that functions are sorted by.
        pattern: only functions that contain it are shown, and the workers that serve them.
        typing: the pattern is being typed.
        first: rows of functions that are scrolled away.
        quits: the reader has seen enough.
    """

    order: str = "waiting"
    pattern: str = ""
    typing: bool = False
    first: int = 0
    quits: bool = False

    def after(self, key: str) -> State:
        """The choices once a key was pressed; a key that means nothing changes nothing."""
        if self.typing:
            return self._typed(key)
        if key in ("q", "Q"):
            return replace(self, quits=True)
        if key in ORDERS:
            return replace(self, order=ORDERS[key], first=0)
        if key == "/":
            return replace(self, typing=True, pattern="", first=0)
        if key == "escape":
            return replace(self, pattern="", first=0)
        steps = {"up": -1, "k": -1, "down": 1, "j": 1, "page up": -PAGE, "page down": PAGE}
        return replace(self, first=max(0, self.first + steps.get(key, 0)))

    def _typed(self, key: str) -> State:
        if key == "enter":
            return replace(self, typing=False)
        if key == "escape":
            return replace(self, typing=False, pattern="")
        if key == "rubout":
            return replace(self, pattern=self.pattern[:-1])
        return replace(self, pattern=self.pattern + key) if len(key) == 1 else self
