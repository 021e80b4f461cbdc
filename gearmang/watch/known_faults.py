"""What is known to be wrong with which gearmand, by the issues of github.com/gearman/gearmand."""

from __future__ import annotations

import re
from typing import NamedTuple


class KnownFault(NamedTuple):
    """One fault of gearmand.

    Attributes:
        since: the first version that has it.
        until: the first version that has it no more; None: none yet.
        says: what is wrong.
        issue: its number.
    """

    since: tuple[int, ...]
    until: tuple[int, ...] | None
    says: str
    issue: int


FAULTS = (
    KnownFault((1, 1, 15), (1, 1, 20), "prioritystatus counts wrong", 337),
    KnownFault((0,), (2, 0), "a scheduled job sleeps until another one comes", 101),
    KnownFault((0,), (2, 0), "--keepalive-idle has no effect", 386),
    KnownFault((0,), (2, 0), "it spins after CAN_DO_TIMEOUT", 301),
    KnownFault((0,), (2, 0, 1), "--job-retries 0 means without end", 197),
)


def known_faults(version: str) -> tuple[KnownFault, ...]:
    """The faults of a version, ``1.1.20+ds``; none of what is no version of gearmand's."""
    match = re.match(r"[0-9]{1,6}(?:\.[0-9]{1,6})+", version)
    if match is None:
        return ()
    number = tuple(map(int, match[0].split(".")))
    return tuple(
        fault
        for fault in FAULTS
        if fault.since <= number and (fault.until is None or number < fault.until)
    )
