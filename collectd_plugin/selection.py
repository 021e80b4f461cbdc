"""Which functions are reported one by one: the wanted ones, and of too many the largest."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from heapq import nlargest
from typing import NamedTuple

from gearmang.protocol.entries import FunctionStatus


class Reported(NamedTuple):
    """The functions of one poll.

    Attributes:
        listed: reported one by one.
        rest: names of the others, which are reported as one sum.
        total: the sum of all of them.
        other: the sum of the others.
    """

    listed: Sequence[FunctionStatus]
    rest: frozenset[str]
    total: FunctionStatus
    other: FunctionStatus


class Wanted(dict[str, bool]):
    """Function → whether the patterns want it; what was decided once is looked up.

    Args:
        only: globs, of which one must match; none at all: every function.
        ignored: globs, of which none may match.
    """

    def __init__(self, only: Sequence[str], ignored: Sequence[str]) -> None:
        super().__init__()
        self.all = not only and not ignored
        self._only, self._ignored = only, ignored

    def __missing__(self, function: str) -> bool:
        made = self[function] = (
            not self._only or any(fnmatchcase(function, glob) for glob in self._only)
        ) and not any(fnmatchcase(function, glob) for glob in self._ignored)
        return made


def select(functions: Sequence[FunctionStatus], wanted: Wanted, most: int) -> Reported:
    """Choose the functions that are wanted, the ``most`` of them with the longest queues."""
    if not wanted.all:
        functions = [function for function in functions if wanted[function.name]]
    total = _sum(functions)
    if len(functions) <= most:
        return Reported(functions, frozenset(), total, _NOTHING)
    listed = nlargest(most, functions, key=lambda function: function.total)
    own = _sum(listed)
    other = FunctionStatus(
        "", total.total - own.total, total.running - own.running, total.workers - own.workers
    )
    rest = {function.name for function in functions}.difference(one.name for one in listed)
    return Reported(listed, frozenset(rest), total, other)


_NOTHING = FunctionStatus("", 0, 0, 0)


def _sum(functions: Sequence[FunctionStatus]) -> FunctionStatus:
    if not functions:
        return _NOTHING
    _, totals, running, workers = zip(*functions)
    return FunctionStatus("", sum(totals), sum(running), sum(workers))
