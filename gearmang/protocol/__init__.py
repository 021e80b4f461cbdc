"""gearmand's admin protocol: one connection, one deadline, strict parsing, immutable records.

The standard library only: this runs inside collectd and in Nagios checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gearmang.protocol.entries import FunctionStatus, Peer, PriorityStatus, QueuedJob
from gearmang.protocol.errors import AdminError, ProtocolError, Refused, TimedOut, Unreachable
from gearmang.protocol.tls import Tls

if TYPE_CHECKING:
    from gearmang.protocol.admin import AdminClient

__all__ = [
    "AdminClient",
    "AdminError",
    "FunctionStatus",
    "Peer",
    "PriorityStatus",
    "ProtocolError",
    "QueuedJob",
    "Refused",
    "TimedOut",
    "Tls",
    "Unreachable",
]


def __getattr__(name: str) -> Any:
    # A check that polls once has no use for the client, and starts a millisecond sooner without.
    if name == "AdminClient":
        from gearmang.protocol.admin import AdminClient

        return AdminClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
