"""Servers of other makes than gearmand, as a worker meets them; docs/servers.md has the table.

Perl's Gearman::Server hands jobs out without their unique keys, and answers what it does not know
by an error. OpenStack's geard is silent on what it does not know, an echo among it.
"""

from __future__ import annotations

from typing import Final

from gearmang.protocol import wire
from gearmang.protocol.wire import Packet

GRAB_WITHOUT_KEY: Final = wire.request(wire.GRAB_JOB)
ANSWERS: Final = (wire.JOB_ASSIGN_UNIQ, wire.NO_JOB)  # gearmand has echoed before it sends one
UNKNOWN: Final = b"server_error"  # Perl's code for a request that it does not know
NOT_OURS: Final = (b"JOB_NOT_FOUND", b"not_worker")  # the end of a job that was given away

KEYLESS: Final = (
    "is a server of another make, which tells workers no keys ({}): a job has one attempt there "
    "before it is a dead letter, and its parts reach no caller"
)
TIMELESS: Final = "is a server of another make, which schedules no jobs: early ones are held here"


def with_key(packet: Packet) -> Packet:
    """A JOB_ASSIGN as JOB_ASSIGN_UNIQ, with an empty key."""
    handle, function, data = packet.split(3)
    return Packet(wire.JOB_ASSIGN_UNIQ, b"\0".join((handle, function, b"", data)), packet.missing)
