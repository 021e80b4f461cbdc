"""What gearmand's admin replies hold, as immutable records.

Names are bytes on the wire; here they are text by UTF-8 with surrogateescape, which loses nothing.
Show them with `gearmang.terminal.clean`.
"""

from __future__ import annotations

from typing import NamedTuple


class FunctionStatus(NamedTuple):
    """One function of ``status``.

    Attributes:
        name: the function.
        total: its jobs in the queue, the running ones included.
        running: jobs that a worker has now.
        workers: registrations, busy workers included; a worker that registers twice counts twice.
    """

    name: str
    total: int
    running: int
    workers: int

    @property
    def waiting(self) -> int:
        """Jobs that no worker has yet."""
        return self.total - self.running


class PriorityStatus(NamedTuple):
    """One function of ``prioritystatus``: its waiting jobs by priority."""

    name: str
    high: int
    normal: int
    low: int
    workers: int


class Peer(NamedTuple):
    """One connection of ``workers``: a worker, a client, or a monitor such as this one.

    Attributes:
        fd: its file descriptor in gearmand.
        host: the address that it comes from; gearmand 1.1.20 garbles IPv6 addresses here.
        client_id: what it says of itself, ``-`` if nothing.
        functions: what it serves; empty for clients and monitors.
    """

    fd: int
    host: str
    client_id: str
    functions: tuple[str, ...]


class QueuedJob(NamedTuple):
    """One job of ``show jobs``.

    Attributes:
        handle: gearmand's name for it, ``H:host:N``.
        retries: how many workers were lost while they had it.
        ghost: cancelled, or its client left: it is counted until a worker comes upon it.
        background: queued for no client to wait for.
    """

    handle: str
    retries: int
    ghost: bool
    background: bool

    @property
    def number(self) -> int:
        """The N of ``H:host:N``, by which gearmand numbers its jobs; 0 for another form."""
        digits = self.handle.rpartition(":")[2]
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else 0
