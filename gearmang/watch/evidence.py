"""Did a job of a function end between two looks? The keys of its jobs tell, or their numbers.

Counts alone do not: a queue of seven may be the same seven or others. A job that is there keeps its
key; so of the keys as old as the newest of the look before, none may be missing.

Jobs without a key of ours are told apart by the numbers of their handles, which say of no job which
function it is of: they tell where nothing ended on the whole server, and little more.
"""

from __future__ import annotations

from binascii import crc32
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter, methodcaller
from typing import NamedTuple, Optional

from gearmang.protocol.entries import FunctionStatus, QueuedJob

# Of a key whose time has 11 digits, as `gearmang.watch.waits` takes it.
_enqueued = itemgetter(slice(26, 37))
_bytes = methodcaller("encode", "utf-8", "surrogateescape")

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
    return Witness(max(map(_enqueued, keys)), len(keys), _digest(keys))


def ended(before: Witness, keys: Sequence[str], now: Witness | None = None) -> Ended:
    """Whether jobs of a function ended since the look before.

    Args:
        before: its jobs then.
        keys: the keys of its jobs now.
        now: what `witness` makes of them, where that is known.
    """
    if now is not None and now.newest <= before.newest:
        jobs, digest = now.jobs, now.digest
    else:
        old = [key for key in keys if _enqueued(key) <= before.newest]
        jobs, digest = len(old), _digest(old)
    if jobs < before.jobs:
        return True
    if jobs == before.jobs and digest == before.digest:
        return False
    return None  # a job has come under an earlier time: a retry, or a clock that runs behind


def _digest(keys: Sequence[str]) -> int:
    return sum(map(crc32, map(_bytes, keys)))


def numbers_of(
    jobs: Iterable[QueuedJob] | None, functions: Iterable[FunctionStatus]
) -> frozenset[int] | None:
    """The numbers of all jobs of a server; None where they are not listed, or not all of them.

    The jobs are listed a moment after they are counted: where the two differ, some came or went.
    """
    if jobs is None:
        return None
    numbers = frozenset(job.number for job in jobs)
    whole = len(numbers) == sum(one[1] for one in functions) and 0 not in numbers
    return numbers if whole else None


def restarted(before: Collection[int], now: Collection[int]) -> bool:
    """Whether gearmand has begun to count anew: a job is there whose number was passed by."""
    newest = max(before, default=0)
    return any(number <= newest and number not in before for number in now)


class Numbers(NamedTuple):
    """The jobs of a whole server at two looks.

    Attributes:
        gone: of the jobs of the first look, those that are there no more.
        fresh: at the second look, those that came since.
    """

    gone: int
    fresh: int

    @classmethod
    def between(cls, before: frozenset[int], now: frozenset[int]) -> Numbers:
        """Of two looks between which there was no restart."""
        return cls(len(before - now), len(now - before))

    def none_ended(self, grown: int) -> bool:
        """Whether it is sure that no job of a function ended.

        Args:
            grown: its jobs at the second look, less those at the first. Where that is as much as
                came to all functions together, all its jobs are still there.
        """
        return not self.gone or grown >= self.fresh
