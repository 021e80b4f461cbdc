"""The one row whose id starts so: the rule for letters, causes and plans alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from gearmang.dead_letters.store.errors import AmbiguousId, NoSuchLetter

MOST_CANDIDATES: Final = 10  # that an error about an ambiguous id lists
AFTER_ANY_DIGIT: Final = "~"  # sorts behind every character of an id
Kind = TypeVar("Kind")


def only_one(
    found: Sequence[Kind],
    text: str,
    *,
    kind: str,
    command: str,
    name: Callable[[Kind], str],
    told: Callable[[Kind], str] | None = None,
) -> Kind:
    """The one that is meant by the beginning of an id; a whole id means itself alone.

    Args:
        found: what starts so, in order: at most `MOST_CANDIDATES` and one more.
        text: as it was given.
        kind: what there is none of: ``dead letter``.
        command: that shows all of them.
        name: the whole id of one.
        told: how an error lists one; by default its name.

    Raises:
        NoSuchLetter: none starts so.
        AmbiguousId: several do; the text lists them.
    """
    start = text.strip().lower()
    exact = [one for one in found if name(one) == start]
    if start and (len(found) == 1 or exact):
        return (exact or found)[0]
    if not found or not start:
        raise NoSuchLetter(f"no {kind} {text!r} in the store; `{command}` shows them")
    listed = ", ".join(map(told or name, found[:MOST_CANDIDATES]))
    more = ", …" if len(found) > MOST_CANDIDATES else ""
    raise AmbiguousId(f"{text!r} is the start of several {kind}s: {listed}{more}; give more of it")
