"""gearmand's admin protocol: one connection, one deadline, strict parsing, immutable records.

The standard library only: this runs inside collectd and in Nagios checks.
"""

from gearmang.admin.client import AdminClient
from gearmang.admin.errors import AdminError, ProtocolError, Refused, TimedOut, Unreachable
from gearmang.admin.records import Connection, FunctionStatus, PriorityStatus, QueuedJob
from gearmang.admin.tls import Tls

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
