"""Whether a function's queue moves, in a word, and how much that is a reason to look."""

from __future__ import annotations

from typing import Final, NamedTuple

from gearmang.watch.overview import Row

UNKNOWN: Final = "unknown"
KINDS: Final = {
    "empty": "good",
    "keeping up": "good",
    "draining": "good",
    "growing": "warn",
    "hung": "bad",
    "stuck": "bad",
    "unserved": "bad",
    UNKNOWN: "unknown",
}
_ORDER: Final = {"bad": 0, "warn": 1, "unknown": 2, "good": 3}


class Verdict(NamedTuple):
    """A word and its kind: ``good``, ``warn``, ``bad`` or ``unknown``."""

    word: str
    kind: str

    @property
    def order(self) -> int:
        """What needs attention comes first."""
        return _ORDER[self.kind]


def verdict_of(row: Row) -> Verdict:
    """What one look can tell; whether a queue moves takes several."""
    if not row.sums.waiting:
        word = "empty"
    elif not row.sums.workers:
        word = "unserved"
    else:
        word = UNKNOWN
    return Verdict(word, KINDS[word])
