"""gearmand's admin protocol: one connection, one deadline, strict parsing, immutable records.

The standard library only: this runs inside collectd and in Nagios checks.
"""

from typing import TYPE_CHECKING, Any

from gearmang.admin.errors import AdminError, ProtocolError, Refused, TimedOut, Unreachable
from gearmang.admin.records import Connection, FunctionStatus, PriorityStatus, QueuedJob
from gearmang.admin.tls import Tls

if TYPE_CHECKING:
    from gearmang.admin.client import AdminClient

__all__ = [
    "AdminClient",
    "AdminError",
    "Connection",
    "FunctionStatus",
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
        from gearmang.admin.client import AdminClient

        return AdminClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
