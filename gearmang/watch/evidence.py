"""Did a job of a function end between two looks? The keys of its jobs tell, in a few numbers.

Counts alone do not: a queue of seven may be the same seven or others. A job that is there keeps its
key; so of the keys as old as the newest of the look before, none may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Optional
from zlib import crc32

_ENQUEUED = slice(26, 37)  # of a key of 11 digits of time, as `gearmang.watch.waits` takes them

Ended = Optional[bool]  # None: not known


class Witness(NamedTuple):
    """All jobs of one function at one look.

    Attributes:
        newest: the latest time of submission among them, as their keys write it.
        jobs: how many there are.
        digest: of their keys, whatever their order.
    """

    newest: str
    jobs: int
    digest: int


def witness(keys: Sequence[str], total: int) -> Witness | None:
    """What to remember of a function's jobs; None where not all of them have keys of ours."""
    if not keys or len(keys) != total:
        return None
    return Witness(max(key[_ENQUEUED] for key in keys), len(keys), _digest(keys))


def ended(before: Mapping[str, Witness], keys: Mapping[str, Sequence[str]]) -> dict[str, Ended]:
    """Function → whether jobs of it ended since the look before.

    Args:
        before: function → its jobs at the look before.
        keys: function → the keys of its jobs now.
    """
    return {name: _ended(one, keys.get(name, ())) for name, one in before.items()}


def _ended(before: Witness, keys: Sequence[str]) -> Ended:
    old = [key for key in keys if key[_ENQUEUED] <= before.newest]
    if len(old) < before.jobs:
        return True
    if len(old) == before.jobs and _digest(old) == before.digest:
        return False
    return None  # a job has come under an earlier time: a retry, or a clock that runs behind


def _digest(keys: Sequence[str]) -> int:
    return sum(crc32(key.encode("utf-8", "surrogateescape")) for key in keys)
