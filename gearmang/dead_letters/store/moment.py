"""The id of a dead letter is the moment it was stored in: order by id is order of arrival."""

from __future__ import annotations

import itertools
import time
from typing import Final

_SERIAL_BITS: Final = 10  # several letters of one microsecond, and of two collectors
_LAST_MOMENT: Final = (1 << 53) - 1  # microseconds since the epoch that fit beside them: year 2255
_SERIAL: Final = itertools.count(time.time_ns() >> 3)  # starts elsewhere in every process

SECONDS_PER_MINUTE: Final = 60


def new_id(stored_at: float) -> int:
    """A fresh id for a letter that was stored then (seconds since the epoch); below 2⁶³."""
    return first_id(stored_at) | next(_SERIAL) & ((1 << _SERIAL_BITS) - 1)


def first_id(since: float) -> int:
    """The lowest id that a letter stored at or after that time can have."""
    return min(max(0, int(since * 1e6)), _LAST_MOMENT) << _SERIAL_BITS


def minute_of(stored_at: float) -> int:
    """The minute, counted since the epoch, that arrivals are counted by."""
    return int(stored_at) // SECONDS_PER_MINUTE
