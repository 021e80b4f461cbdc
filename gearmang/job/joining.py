"""Whether a submission would join a job that is there: gearmand does not say that it did."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gearmang.errors import NotQueued, ServerLost
from gearmang.job.submission import as_key
from gearmang.protocol import wire
from gearmang.protocol.admin import AdminClient
from gearmang.protocol.connection import Connection
from gearmang.protocol.errors import AdminError

if TYPE_CHECKING:
    from gearmang.protocol import Tls

BY_PAYLOAD: Final = "-"  # the unique key by which gearmand joins jobs of the same data

# Every make answers it, that of geard included, which is silent on what it does not know.
_FENCE: Final = wire.request(wire.GET_STATUS, b"H:-:0")


def handles_there(
    connect: Callable[[float], Connection], unique: str, deadline: float, tls: Tls | None
) -> frozenset[str] | None:
    """The handles of all jobs at a server, if one of them may be joined by this key.

    A submission whose JOB_CREATED then has one of these handles has joined that job.

    Args:
        connect: gives the connection to the server, within so many seconds.

    Returns:
        An empty set where no job has the key, whatever its function; None if nobody can tell.

    Raises:
        NotQueued: the server cannot be asked.
        ValueError: the key cannot be sent.
    """
    asked = as_key(unique)
    if not asked:
        return frozenset()  # each such job stands for itself
    try:
        connection = connect(deadline - time.monotonic())
        known = unique == BY_PAYLOAD or _is_known(connection, asked, deadline)
    except ServerLost as error:
        raise NotQueued(f"the job is not queued: {error}") from None
    if not known:
        return None if known is None else frozenset()
    server = connection.server
    timeout = max(deadline - time.monotonic(), 0.001)
    try:
        with AdminClient(server.host, server.port, timeout, tls) as admin:
            return frozenset(job.handle for job in admin.jobs())
    except AdminError:
        return None  # a server of another make, or one with more jobs than can be looked at


def _is_known(connection: Connection, unique: bytes, deadline: float) -> bool | None:
    asked = wire.request(wire.GET_STATUS_UNIQUE, unique)
    connection.send(asked, _FENCE, timeout=deadline - time.monotonic())
    known: bool | None = None
    while time.monotonic() < deadline:
        for packet in connection.receive(max(deadline - time.monotonic(), 0.0)):
            if packet.command == wire.STATUS_RES_UNIQUE:
                known = packet.body.rsplit(b"\0", 5)[1:2] == [b"1"]
            elif packet.command == wire.STATUS_RES:
                return known
    raise ServerLost(f"gearmand {connection.server} did not answer in time; is it frozen?")
