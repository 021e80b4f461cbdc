"""Which records are written where only a share of them is wanted.

``sample=0.1`` writes one record in ten. ``sample=(where, 0.1)`` decides for a record around it,
so that the children of one ancestor are written together or not at all:

=============  ============================================================
``.``, its type  this record by itself, each time anew
``..``           the parent
``^``            the outermost record, by its ``id``: in every process alike
a name           the open record of this name
=============  ============================================================
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple, Union

from log_shipping.context import OpenRecord, still_open

Sample = Union[float, tuple[str, float]]
"""A share from 0 to 1, or where it is decided and the share."""


class Decision(NamedTuple):
    """Whether a record is written, and the share of its kind that is."""

    sampled: bool
    rate: float


def decide(sample: Sample, record: OpenRecord) -> Decision:
    """Decide for a new record.

    Args:
        sample: what its maker said.
        record: the new record.
    """
    where, share = sample if isinstance(sample, tuple) else (".", sample)
    rate = min(max(float(share), 0.0), 1.0)
    if where in {".", record.type}:
        number = record.event_id
    elif where == "..":
        outer = still_open(record.outer)
        number = outer.event_id if outer else record.event_id
    elif where == "^":
        number = [around.id for around in _around(record)][-1]
    else:
        named = (around.event_id for around in _around(record) if around.type == where)
        number = next(named, record.event_id)
    # The same ancestor gives the same number each time: its children share one decision.
    return Decision(zlib.crc32(number.encode("utf-8", "replace")) < rate * 2**32, rate)


def _around(record: OpenRecord) -> Iterator[OpenRecord]:
    around: OpenRecord | None = record
    while around is not None:
        yield around
        around = still_open(around.outer)
