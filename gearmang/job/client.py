"""Queueing jobs: nothing counts as queued before gearmand's JOB_CREATED has been read."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import orjson

from gearmang.errors import NotQueued, ServerLost
from gearmang.job.submission import (
    LONGEST_FUNCTION,
    Packed,
    Priority,
    Queued,
    Submission,
    Submitted,
    as_bytes,
)
from gearmang.protocol import wire
from gearmang.protocol.connection import DEFAULT_TIMEOUT, Connection
from gearmang.protocol.key import JobKey, mark_of, new_key
from gearmang.protocol.server import Server

if TYPE_CHECKING:
    from typing_extensions import Self


__all__ = [
    "LONGEST_FUNCTION",
    "Client",
    "Packed",
    "Priority",
    "Queued",
    "Submission",
    "Submitted",
    "as_bytes",
]

WINDOW: Final = 1000  # jobs that may await their JOB_CREATED at once
BATCH_BYTES: Final = 64 * 1024  # requests are gathered up to this size before they are sent


class Client:
    """Queues background jobs at the first of its servers that takes them.

    A job that was sent to a server which then gave no answer is sent to the next one: it may run
    twice, it is never lost silently.

    Args:
        servers: gearmands, as `Server` or ``HOST:PORT``.
        timeout: the most that one submission may take, in seconds, whatever the servers send
            meanwhile; of many, what each may take after the one before.
        max_payload: bytes of the largest job that is sent.

    Raises:
        BadServer: an address cannot be read.
    """

    def __init__(
        self,
        servers: Sequence[Server | str],
        *,
        timeout: float = DEFAULT_TIMEOUT,
        max_payload: int = wire.LARGEST_PAYLOAD,
    ) -> None:
        if isinstance(servers, str | Server):
            servers = [servers]
        self._servers = deque(
            Server.parse(server) if isinstance(server, str) else server for server in servers
        )
        if not self._servers:
            raise ValueError("a client needs a server")
        self._timeout = timeout
        self._max_payload = max_payload
        self._connection: Connection | None = None

    def submit(
        self,
        function: str,
        data: Any,
        *,
        unique: str | None = None,
        priority: Priority = "normal",
        at: float | None = None,
    ) -> Submitted:
        """Queue one job.

        Args:
            function: the name that workers registered.
            data: bytes are sent as they are; anything else as JSON.
            unique: a job with the same key that is queued or running is joined: no second job
                exists then. By default each job has a key of its own, that says which job it is;
                workers make an id for those that have yours.
            priority: high, normal or low.
            at: do not start before this time, in seconds since the epoch.

        Raises:
            NotQueued: no server said JOB_CREATED.
            TypeError: the data cannot be written as JSON.
            ValueError: a name that cannot be sent, or data above ``max_payload``.
        """
        packed = self._packed(Submission(function, data, unique, priority, at))
        deadline = time.monotonic() + self._timeout
        for left in range(len(self._servers), 0, -1):
            share = (deadline - time.monotonic()) / left
            try:
                _, handle, server = next(self._confirmed(iter([packed]), share))
            except NotQueued as error:
                self.close()
                self._servers.rotate(-1)
                failure = error
            else:
                key = None if unique is not None else JobKey.parse(packed.unique)
                job_id = None if key is None else key.job_id
                return Submitted(job_id, handle.decode("utf-8", "backslashreplace"), server)
        raise failure

    def submit_many(self, jobs: Iterable[tuple[str, Any] | Submission]) -> int:
        """Queue many jobs, pipelined; the number that gearmand has accepted.

        Raises:
            NotQueued: the server refused one or was lost; ``accepted`` on it counts those before.
            TypeError, ValueError: as `submit`.
        """
        accepted = 0
        try:
            packed = (self._packed(Submission(*job)) for job in jobs)
            for _ in self._confirmed(packed, self._timeout):
                accepted += 1
        except NotQueued as error:
            error.accepted = accepted
            raise
        return accepted

    def queue(self, jobs: Iterable[Packed]) -> Generator[Queued, None, None]:
        """Queue jobs that are packed already, pipelined; each in order, once it is created.

        At most `WINDOW` jobs await their JOB_CREATED at a time. All go to one server.

        Raises:
            NotQueued: the first that was not yielded is not known to be queued.
        """
        confirmed = self._confirmed(iter(jobs), self._timeout)
        with closing(confirmed):  # at once, not when it is collected
            for packed, body, server in confirmed:
                yield Queued(packed, body.decode("utf-8", "backslashreplace"), server)

    def close(self) -> None:
        """Close the connection; the next call makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _packed(self, job: Submission) -> Packed:
        """The job as it travels: its payload bare, under a key of ours or the caller's own."""
        function, data, unique, priority, at = job
        payload = data if isinstance(data, bytes) else orjson.dumps(data)
        if len(payload) > self._max_payload:
            raise ValueError(
                f"the data of a job for {function[:80]!r} is {len(payload):,} bytes, above the "
                f"bound of {self._max_payload:,}; put it into a file and queue the file's name"
            )
        if at is None:
            unique = new_key(function, time.time()) if unique is None else unique
            return Packed(function, payload, unique, priority)
        at = math.ceil(at)  # whole seconds: never early
        if unique is None:
            job_id = os.urandom(16).hex()
            unique = str(JobKey(job_id, time.time(), mark_of(function), not_before=at))
        return Packed(function, payload, unique, priority, at)

    def _confirmed(
        self, jobs: Iterator[Packed], timeout: float
    ) -> Generator[tuple[Packed, bytes, Server], None, None]:
        """Each job with its handle and its server, once its JOB_CREATED was read."""
        awaited: deque[Packed] = deque()
        due = time.monotonic() + timeout  # whatever arrives, only JOB_CREATED puts it off
        try:
            connection = self._connect(timeout)
            server = connection.server
            exhausted, is_first = False, True
            while awaited or not exhausted:
                if not exhausted and len(awaited) <= WINDOW // 2:
                    batch, exhausted = _next_batch(jobs, awaited)
                    if not awaited:
                        return
                    if not is_first:  # to make these jobs may have taken the caller his time
                        due = time.monotonic() + timeout
                    is_first = False
                    if batch:
                        connection.send(*batch, timeout=due - time.monotonic())
                for packet in connection.receive(max(due - time.monotonic(), 0.0)):
                    if packet.command == wire.JOB_CREATED:
                        if not awaited:
                            raise ServerLost(  # noqa: TRY301  # closes below
                                f"gearmand {server} confirms what it was not sent"
                            )
                        yield awaited.popleft(), packet.body, server
                        due = time.monotonic() + timeout
                    elif packet.command == wire.ERROR:
                        raise NotQueued(refusal(server, packet))  # noqa: TRY301  # closes below
                if awaited and time.monotonic() >= due:
                    raise NotQueued(  # noqa: TRY301  # closes the connection below
                        f"gearmand {server} did not say within {timeout:.3g} s "
                        "that it queued the job; is it frozen?"
                    )
        except ServerLost as error:
            self.close()
            raise NotQueued(f"the job is not known to be queued: {error}") from None
        except BaseException:
            # Answers that are still on their way must not be taken for those of later jobs.
            if awaited:
                self.close()
            raise

    def _connect(self, timeout: float) -> Connection:
        """The connection at hand, or one to the first server that can be reached."""
        failure: ServerLost | None = None
        for _ in range(len(self._servers)):
            if self._connection is not None:
                return self._connection
            try:
                self._connection = Connection(self._servers[0], timeout=timeout)
            except ServerLost as error:
                failure = error
                self._servers.rotate(-1)
        if self._connection is None:
            raise failure or ServerLost("no server")
        return self._connection


def refusal(server: Server, packet: wire.Packet) -> str:
    """One sentence about an ERROR packet."""
    code, _, text = packet.body.partition(b"\0")
    reason = (text or code).decode("utf-8", "backslashreplace")[:200]
    if code == b"QUEUE_ERROR":
        reason += "; the queue is at its maxqueue or its store cannot be written"
    return f"gearmand {server} refused the job: {reason}"


def _next_batch(jobs: Iterator[Packed], awaited: deque[Packed]) -> tuple[list[bytes], bool]:
    """Requests until the window or a batch is full; whether there are no more."""
    batch: list[bytes] = []
    size = 0
    for job in jobs:
        request = job.request()
        batch.append(request)
        awaited.append(job)
        size += len(request)
        if size >= BATCH_BYTES or len(awaited) >= WINDOW:
            return batch, False
    return batch, True
