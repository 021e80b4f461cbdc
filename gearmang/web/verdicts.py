"""A function over all servers: whether its queue moves, in a word, and how old its jobs are."""

from __future__ import annotations

from typing import Final, NamedTuple

from gearmang.watch.movement import CRITICAL, OK, UNKNOWN, WARNING, flow_of
from gearmang.watch.overview import Row
from gearmang.web.polling import Sight

_ORDER: Final = ("bad", "warn", "unknown", "good")


class Motion(NamedTuple):
    """What is known of one function.

    Attributes:
        word: the worst verdict of any server.
        kind: how much it is a reason to look: ``bad``, ``warn``, ``unknown`` or ``good``.
        oldest_waiting, oldest_running: ages in seconds; None where no job says.
    """

    word: str = UNKNOWN
    kind: str = "unknown"
    oldest_waiting: float | None = None
    oldest_running: float | None = None

    @property
    def order(self) -> int:
        """What needs attention comes first."""
        return _ORDER.index(self.kind)


def verdict_of(sight: Sight, row: Row) -> Motion:
    """The worst of what all servers that answered show."""
    name = row.sums.name
    there = [
        moves
        for moves, part in zip(sight.moves, row.parts, strict=True)
        if moves is not None and part is not None
    ]
    words = [flow_of(moves.flows, name).verdict for moves in there]
    word = min(words, key=lambda one: _ORDER.index(kind_of(one)), default=UNKNOWN)
    waits = [moves.waits[name].age(sight.at) for moves in there if name in moves.waits]
    runs = [moves.runs[name] for moves in there if name in moves.runs]
    return Motion(
        word,
        kind_of(word),
        max((age for age in waits if age is not None), default=None),
        max(runs, default=None),
    )


def kind_of(word: str) -> str:
    """How much a verdict is a reason to look."""
    if word in CRITICAL:
        return "bad"
    if word in WARNING:
        return "warn"
    return "good" if word in OK else "unknown"
