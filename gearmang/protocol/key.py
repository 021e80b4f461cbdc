"""What a unique key of ours says of its job; docs/wire.md is its public description.

The payload travels as it was submitted, so all that must be known of a job is in its unique key, 64
bytes at most: ``g1.ID.ENQUEUED.MARK.DELIVERY.ATTEMPT`` and, for a job that shall wait,
``.NOT_BEFORE``. Any client can write one, any worker gets it with the job, and any monitor reads it
in ``show unique jobs``, where no function stands beside it: hence the mark.
"""

from __future__ import annotations

import binascii
import os
from typing import NamedTuple

try:  # what hashlib has without OpenSSL, which takes a check as long to load as all else
    from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]  # Python 3.12
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        from hashlib import sha256

LONGEST_UNIQUE = 64  # bytes; gearmand 1.1.20 refuses longer unique keys
MARK_DIGITS = 6  # hexadecimal: of 1,000 functions two have one mark once in 33 servers
LARGEST_COUNT = 0xFFFF  # deliveries and attempts that have room; later ones stay at it
LATEST_ENQUEUED = 0xFFFFFFFFFFF / 1000  # seconds since the epoch that have room: the year 2527
LATEST_NOT_BEFORE = 0xFFFFFFFF  # seconds since the epoch that have room: the year 2106

_PREFIX = "g1."
_ID_DIGITS = 22
_FIELDS = (11, 6, 4, 4, 8)  # hexadecimal digits at most, behind the id; the last may be left out
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_ID_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_HEXADECIMAL = frozenset("0123456789abcdef")
_MOST_MARKS = 1_024  # that are remembered

_marks: dict[str, str] = {}


class JobKey(NamedTuple):
    """One delivery of one job.

    Attributes:
        job_id: 32 hexadecimal digits, the same from first submission to last death.
        enqueued_at: when the job was first submitted, in seconds since the epoch, to the
            millisecond.
        mark: of the function that it waits for, as `mark_of` gives it.
        delivery: how often the job has been put into a queue, this time included, from 1 over all
            its lives; with ``job_id`` it names an attempt, and a death.
        attempt: which attempt of this life the next run is, from 1.
        not_before: do not start before, in whole seconds since the epoch; None: at once.
    """

    job_id: str
    enqueued_at: float
    mark: str
    delivery: int = 1
    attempt: int = 1
    not_before: int | None = None

    @classmethod
    def parse(cls, unique: str) -> JobKey | None:
        """Read a unique key; None for one that is not ours."""
        fields = _fields(unique)
        if fields is None:
            return None
        packed, enqueued, mark, delivery, attempt, *not_before = fields
        return cls(
            binascii.a2b_base64(packed.encode().translate(_FROM_URL_SAFE) + b"==").hex(),
            int(enqueued, 16) / 1000,
            mark,
            max(1, int(delivery, 16)),
            max(1, int(attempt, 16)),
            int(not_before[0], 16) if not_before else None,
        )

    @staticmethod
    def enqueued(unique: str) -> float | None:
        """What `parse` says of ``enqueued_at`` alone, at a third of its cost."""
        fields = _fields(unique)
        return None if fields is None else int(fields[1], 16) / 1000

    def __str__(self) -> str:
        """The unique key; equal for equal fields, so that gearmand joins copies of a delivery.

        What has no room is cut to what has: a hostile time must not make a key too long to send.
        """
        packed = binascii.b2a_base64(bytes.fromhex(self.job_id), newline=False)[:22]
        enqueued = round(min(max(self.enqueued_at, 0.0), LATEST_ENQUEUED) * 1000)
        text = (
            f"{_PREFIX}{packed.translate(_URL_SAFE).decode()}.{enqueued:x}.{self.mark}"
            f".{min(self.delivery, LARGEST_COUNT):x}.{min(self.attempt, LARGEST_COUNT):x}"
        )
        if self.not_before is None:
            return text
        return f"{text}.{min(max(self.not_before, 0), LATEST_NOT_BEFORE):x}"


def new_key(function: str, now: float) -> str:
    """The key of a new job that may start at once: what `JobKey` writes, at half of its cost.

    Args:
        function: the name that it is queued under.
        now: in seconds since the epoch.
    """
    packed = binascii.b2a_base64(os.urandom(16), newline=False)[:22].translate(_URL_SAFE)
    return f"{_PREFIX}{packed.decode()}.{round(now * 1000):x}.{mark_of(function)}.1.1"


def mark_of(function: str) -> str:
    """The first hexadecimal digits of SHA-256 of a function's name."""
    mark = _marks.get(function)
    if mark is None:
        if len(_marks) >= _MOST_MARKS:
            _marks.clear()
        name = function.encode("utf-8", "surrogateescape")
        mark = _marks[function] = sha256(name).hexdigest()[:MARK_DIGITS]
    return mark


def _fields(unique: str) -> list[str] | None:
    """What stands between the dots behind the prefix; None where it is not as it must be.

    Without a pattern: to compile one takes a check longer than it has to read.
    """
    if not unique.startswith(_PREFIX):
        return None
    packed, *numbers = fields = unique.split(".")[1:]
    if len(packed) != _ID_DIGITS or not _ID_LETTERS.issuperset(packed):
        return None
    if not 0 <= len(_FIELDS) - len(numbers) <= 1 or len(fields[2]) != MARK_DIGITS:
        return None
    for digits, most in zip(numbers, _FIELDS):
        if not 0 < len(digits) <= most or not _HEXADECIMAL.issuperset(digits):
            return None
    return fields
