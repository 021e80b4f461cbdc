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
from gearmang.job.calling import Call, Calls
from gearmang.job.joining import handles_there
from gearmang.job.news import Returned
from gearmang.job.servers import Servers
from gearmang.job.submission import (
    Packed,
    Priority,
    Queued,
    Submission,
    Submitted,
    refusal,
)
from gearmang.protocol import wire
from gearmang.protocol.connection import DEFAULT_TIMEOUT, Connection
from gearmang.protocol.key import JobKey, mark_of, new_key
from gearmang.protocol.server import Server

if TYPE_CHECKING:
    from typing_extensions import Self

    from gearmang.protocol import Tls
DEFAULT_PATIENCE: Final = 60.0  # seconds for the result of a job that is waited for
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
        tls: speak TLS with the servers.

    Raises:
        BadServer: an address cannot be read.
    """

    def __init__(
        self,
        servers: Sequence[Server | str],
        *,
        timeout: float = DEFAULT_TIMEOUT,
        max_payload: int = wire.LARGEST_PAYLOAD,
        tls: Tls | None = None,
    ) -> None:
        self._servers = Servers(servers, tls)
        self._timeout = timeout
        self._max_payload = max_payload
        self._connection: Connection | None = None
        self._calls = Calls(self._servers.connect)

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
            now = time.monotonic()
            due = now + (deadline - now) / left
            try:
                there: frozenset[str] | None = frozenset()  # our own keys join nothing
                if unique is not None:
                    there = handles_there(self._connect, unique, due, self._servers.tls)
                only = self._confirmed(iter([packed]), due - time.monotonic())
                _, body, server = next(only)
            except NotQueued as error:
                self._drop()
                self._servers.pass_by()
                failure = error
            else:
                key = JobKey.parse(packed.unique) if unique is None else None
                job_id = None if key is None else key.job_id
                handle = body.decode("utf-8", "backslashreplace")
                joined = None if there is None else handle in there
                return Submitted(job_id, handle, server, joined)
        raise failure

    def do(
        self,
        function: str,
        data: Any,
        *,
        unique: str | None = None,
        priority: Priority = "normal",
        timeout: float = DEFAULT_PATIENCE,
    ) -> Returned:
        """Have one job done and wait for its result; see `call`.

        Raises:
            JobFailed, NoAnswer, NotQueued, ServerLost, TypeError, ValueError: as `call`, and as
                `Call.result`.
        """
        return self.call(function, data, unique=unique, priority=priority, timeout=timeout).result()

    def call(
        self,
        function: str,
        data: Any,
        *,
        unique: str | None = None,
        priority: Priority = "normal",
        timeout: float = DEFAULT_PATIENCE,
    ) -> Call:
        """Have one job done whose result can be waited for; any number of them at once.

        Args:
            function, data, unique, priority: as for `submit`.
            timeout: seconds from now to the result, for all waiting and sending.

        Raises:
            ServerLost: no server can be reached; nothing is queued.
            TypeError, ValueError: as `submit`.
        """
        packed = self._packed(Submission(function, data, unique, priority))
        return self._calls.begin(packed, timeout)

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
        """Close the connections; the next submission makes a new one, calls are given up."""
        self._drop()
        self._calls.close()

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
            self._drop()
            raise NotQueued(f"the job is not known to be queued: {error}") from None
        except BaseException:
            # Answers that are still on their way must not be taken for those of later jobs.
            if awaited:
                self._drop()
            raise

    def _connect(self, timeout: float) -> Connection:
        """The connection at hand, or one to the first server that can be reached."""
        if self._connection is None:
            self._connection = self._servers.connect(timeout)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


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
