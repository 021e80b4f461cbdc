"""Many gearmands at once: one `Snapshot` each, or the error that this one gave.

One thread, one selector, one deadline for all: a frozen server costs the others nothing.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

from gearmang.admin import replies
from gearmang.admin.channel import connect, converse
from gearmang.admin.errors import AdminError, BadReply, ProtocolError, Refused, RefusedReply
from gearmang.admin.exchange import Command, Exchange
from gearmang.admin.records import Connection, FunctionStatus, PriorityStatus, QueuedJob
from gearmang.admin.steps import Steps, drive
from gearmang.admin.tls import Tls
from gearmang.server import Server

# gearmand 1.1.15 to 1.1.19 has `prioritystatus`, and counts wrong.
_WRONG_PRIORITIES = tuple(f"1.1.{patch}" for patch in range(15, 20))


class Target(NamedTuple):
    """A server to ask, and how."""

    server: Server
    tls: Tls | None = None


class Snapshot(NamedTuple):
    """What one gearmand said in one round trip.

    Attributes:
        server: who said it.
        functions: ``status``.
        connections: ``workers``; empty when it was not asked for.
        version: of gearmand.
        pid: of gearmand; another one than before means a restart.
        reply_seconds: from the start of the connection to the last byte.
        priorities: ``prioritystatus``; None when not asked for, or when this gearmand lacks it or
            counts wrong (before 1.1.20).
        jobs: ``show jobs``; None when not asked for.
        verbosity: gearmand's log level; None when not asked for.
    """

    server: Server
    functions: tuple[FunctionStatus, ...]
    connections: tuple[Connection, ...]
    version: str
    pid: int
    reply_seconds: float
    priorities: tuple[PriorityStatus, ...] | None = None
    jobs: tuple[QueuedJob, ...] | None = None
    verbosity: str | None = None


def poll(
    targets: Sequence[Target | Server],
    *,
    timeout: float,
    workers: bool = True,
    priorities: bool = False,
    jobs: bool = False,
    verbosity: bool = False,
) -> list[Snapshot | AdminError]:
    """Ask all servers at once.

    Args:
        targets: whom to ask; a `Server` alone means without TLS.
        timeout: seconds within which all of it is over.
        workers: ask for connections, too.
        priorities: ask for waiting jobs by priority, too.
        jobs: ask for each job, too: as long as the queue.
        verbosity: ask for gearmand's log level, too.

    Returns:
        A snapshot or an error for each target, in the order of the targets.
    """
    commands = [Command(b"version", replies.version), Command(b"status", replies.status)]
    if workers:  # parsed later: its names are told apart by those of `status`
        commands.append(Command(b"workers", bytes))
    if priorities:
        commands.append(Command(b"prioritystatus", replies.priority_status, optional=True))
    if jobs:
        commands.append(Command(b"show jobs", replies.jobs))
    if verbosity:
        commands.append(Command(b"verbose", replies.verbosity, optional=True))
    deadline = time.monotonic() + timeout
    asked = [one if isinstance(one, Target) else Target(one) for one in targets]
    return drive([_snapshot(target, commands, deadline) for target in asked])


def _snapshot(target: Target, commands: Sequence[Command], deadline: float) -> Steps[Snapshot]:
    server = target.server
    begun = time.monotonic()
    exchange = Exchange(commands)
    sock = yield from connect(server, target.tls, deadline)
    with sock:
        yield from converse(sock, server, exchange, deadline)
    took = time.monotonic() - begun
    try:
        said = {
            command.text: result
            for command, result in zip(commands, exchange.results(), strict=True)
        }
        functions: tuple[FunctionStatus, ...] = said[b"status"]
        lines = said.get(b"workers")
        names = {function.name for function in functions}
        connections = () if lines is None else replies.workers(lines, names)
    except RefusedReply as refusal:
        raise Refused(server, str(refusal)) from None
    except BadReply as error:
        raise ProtocolError(server, str(error)) from None
    counts_wrong = said[b"version"].partition("+")[0] in _WRONG_PRIORITIES
    return Snapshot(
        server=server,
        functions=functions,
        connections=connections,
        version=said[b"version"],
        pid=exchange.pid,
        reply_seconds=took,
        priorities=None if counts_wrong else said.get(b"prioritystatus"),
        jobs=said.get(b"show jobs"),
        verbosity=said.get(b"verbose"),
    )
