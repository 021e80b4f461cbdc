"""Many gearmands at once: one `Snapshot` each, or the error that this one gave.

One thread, one selector, one deadline for all: a frozen server costs the others nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from operator import methodcaller
from typing import Any, NamedTuple

from gearmang.protocol import replies
from gearmang.protocol.channel import connect, converse
from gearmang.protocol.entries import FunctionStatus, Peer, PriorityStatus, QueuedJob
from gearmang.protocol.errors import (
    AdminError,
    BadReply,
    ProtocolError,
    Refused,
    RefusedReply,
    Unreachable,
)
from gearmang.protocol.exchange import Command, Exchange
from gearmang.protocol.server import Server
from gearmang.protocol.steps import Steps, drive
from gearmang.protocol.tls import Tls
from gearmang.watch.evidence import numbers_of

MOST_JOBS = 10_000  # jobs of one server that are listed
MOST_KEYS = 200_000  # jobs of one server whose unique keys are listed; 100,000 take it 50 ms

# gearmand 1.1.15 to 1.1.19 has `prioritystatus`, and counts wrong.
_WRONG_PRIORITIES = r"1\.1\.1[5-9](?![0-9])"

_SHOW_JOBS = Command(b"show jobs", replies.jobs, optional=True)
_SHOW_KEYS = Command(b"show unique jobs", replies.unique_jobs, optional=True)
_OURS = methodcaller("startswith", "g1.")


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
        version: of the server; None where it does not tell.
        pid: of gearmand; another one than before means a restart. None where the server, of
            another make, does not tell.
        reply_seconds: from the start of the connection to the last byte.
        priorities: ``prioritystatus``; None when not asked for, or when this gearmand lacks it or
            counts wrong (before 1.1.20).
        jobs: ``show jobs``; None when not asked for, or when there were too many to list.
        verbosity: gearmand's log level; None when not asked for.
        keys: ``show unique jobs``; None when not asked for, when there were too many to list, or
            when this server cannot.
    """

    server: Server
    functions: tuple[FunctionStatus, ...]
    connections: tuple[Peer, ...]
    version: str | None
    pid: int | None
    reply_seconds: float
    priorities: tuple[PriorityStatus, ...] | None = None
    jobs: tuple[QueuedJob, ...] | None = None
    verbosity: str | None = None
    keys: tuple[str, ...] | None = None
    unanswered: tuple[str, ...] = ()
    numbers: frozenset[int] | None = None

    @property
    def tells_workers(self) -> bool:
        """Whether it answered ``workers``, if it was asked: otherwise nothing is known of them."""
        return "workers" not in self.unanswered

    @property
    def make(self) -> str:
        """What it is, as far as it tells: ``gearmand 1.1.20``, ``a server of another make``."""
        if self.pid is not None:
            return f"gearmand {self.version}"
        return f"Gearman server {self.version}" if self.version else "a server of another make"


def poll(
    targets: Sequence[Target | Server],
    *,
    timeout: float,
    workers: bool = True,
    priorities: bool = False,
    jobs: bool = False,
    most_jobs: int = MOST_JOBS,
    verbosity: bool = False,
    keys: bool = False,
    most_keys: int = MOST_KEYS,
) -> list[Snapshot | AdminError]:
    """Ask all servers at once.

    Args:
        targets: whom to ask; a `Server` alone means without TLS.
        timeout: seconds within which all of it is over.
        workers: ask for connections, too.
        priorities: ask for waiting jobs by priority, too.
        jobs: list each job, too, in a second round trip.
        most_jobs: do not list the jobs of a server that has more: gearmand is busy meanwhile.
        verbosity: ask for gearmand's log level, too.
        keys: list the unique key of each job, too, where any job waits, and, where keys are not
            ours, the jobs' numbers; `gearmang.watch.waits` and `gearmang.watch.movement` read them.
        most_keys: do not list the keys of a server that has more jobs.

    Returns:
        A snapshot or an error for each target, in the order of the targets.
    """
    commands = [
        Command(b"version", replies.version, optional=True),
        Command(b"status", replies.status),
    ]
    if workers:  # parsed later: its names are told apart by those of `status`
        commands.append(Command(b"workers", replies.unparsed, optional=True))
    if priorities:
        commands.append(Command(b"prioritystatus", replies.priority_status, optional=True))
    if verbosity:
        commands.append(Command(b"verbose", replies.verbosity, optional=True))
    deadline = time.monotonic() + timeout
    asked = [one if isinstance(one, Target) else Target(one) for one in targets]
    try:
        return drive(
            [
                _snapshot(
                    one, commands, most_jobs if jobs else 0, most_keys if keys else 0, deadline
                )
                for one in asked
            ]
        )
    except OSError as error:  # no descriptor for the selector
        return [Unreachable(one.server, f"cannot be asked: {error.strerror}") for one in asked]


def _snapshot(
    target: Target,
    commands: Sequence[Command],
    most_jobs: int,
    most_keys: int,
    deadline: float,
) -> Steps[Snapshot]:
    server = target.server
    begun = time.monotonic()
    sock = yield from connect(server, target.tls, deadline)
    with sock:
        exchange = Exchange(commands)
        yield from converse(sock, server, exchange, deadline)
        took = time.monotonic() - begun
        said = _results(server, exchange)
        functions: tuple[FunctionStatus, ...] = said[b"status"]
        queued = sum(function[1] for function in functions)
        wanted = []
        if most_jobs and queued <= most_jobs:
            wanted.append(_SHOW_JOBS)
        if most_keys and queued <= most_keys:
            wanted.append(_SHOW_KEYS)
        unanswered = exchange.unanswered
        while wanted and not exchange.silent:
            listing = Exchange(wanted)
            yield from converse(sock, server, listing, deadline)
            said |= _results(server, listing)
            unanswered += [name for name in listing.unanswered if name not in unanswered]
            wanted = []
            listed = said.get(_SHOW_KEYS.text)
            if listed and _SHOW_JOBS.text not in said and queued <= MOST_JOBS:
                wanted = [] if all(map(_OURS, listed)) else [_SHOW_JOBS]
    counts_wrong = re.match(_WRONG_PRIORITIES, said[b"version"] or "")
    return Snapshot(
        server=server,
        functions=functions,
        connections=said.get(b"workers") or (),
        version=said[b"version"],
        pid=exchange.pid,
        reply_seconds=took,
        priorities=None if counts_wrong else said.get(b"prioritystatus"),
        jobs=said.get(b"show jobs") if most_jobs else None,
        verbosity=said.get(b"verbose"),
        keys=said.get(b"show unique jobs"),
        unanswered=tuple(unanswered),
        numbers=numbers_of(said.get(b"show jobs"), functions),
    )


def _results(server: Server, exchange: Exchange) -> dict[bytes, Any]:
    """Command → what it gave."""
    try:
        texts = [command.text for command in exchange.commands]
        said = dict(zip(texts, exchange.results()))
        if said.get(b"workers") is not None:
            names = {function[0] for function in said[b"status"]}
            said[b"workers"] = replies.workers(said[b"workers"], names)
    except RefusedReply as refusal:
        raise Refused(server, str(refusal)) from None
    except BadReply as error:
        raise ProtocolError(server, str(error)) from None
    return said
