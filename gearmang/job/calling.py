"""Jobs whose caller waits for them: many at once on one connection, each with one deadline."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from gearmang.errors import GearmangError, JobFailed, NoAnswer, NotQueued, ServerLost
from gearmang.job.news import News, Part, Returned, Warned, news_of, text_of
from gearmang.job.submission import Packed, refusal
from gearmang.protocol import wire
from gearmang.protocol.connection import Connection
from gearmang.protocol.server import Server

_ENDS: Final = frozenset({wire.WORK_COMPLETE, wire.WORK_FAIL, wire.WORK_EXCEPTION})
_EXCEPTIONS: Final = wire.request(wire.OPTION_REQ, b"exceptions")


class Call:
    """One job that is waited for: iterate over its news, ask for its result.

    Whoever waits on a call takes in what comes for all calls of the client. Iterating ends when
    the job is done, and raises as `result` does when it is not.

    Attributes:
        function: whose job it is.
        handle: gearmand's name for it; None until gearmand has it.
    """

    def __init__(self, function: str, calls: Calls, deadline: float, timeout: float) -> None:
        self.function = function
        self.handle: str | None = None
        self._calls = calls
        self._deadline, self._timeout = deadline, timeout
        self._news: deque[News] = deque()
        self._why = ""  # the last warning: what a failure without a text is put down to
        self._end: Returned | GearmangError | None = None

    @property
    def is_over(self) -> bool:
        """Whether `result` is at hand, be it an error."""
        return self._end is not None

    def __iter__(self) -> Iterator[News]:
        """Progress, parts and warnings as they come.

        Raises:
            JobFailed, NotQueued, NoAnswer, ServerLost: as `result`.
        """
        while True:
            while self._news:
                yield self._news.popleft()
            if isinstance(self._end, GearmangError):
                raise self._end
            if self._end is not None:
                return
            self._wait()

    def result(self) -> Returned:
        """Wait for the end.

        Raises:
            JobFailed: the worker says so.
            NotQueued: the server refused the job.
            NoAnswer: the call's time is up; the job may still be done.
            ServerLost: the connection ended before the job did; nobody knows what became of it.
        """
        while self._end is None:
            self._wait()
        if isinstance(self._end, GearmangError):
            raise self._end
        parts = tuple(one for one in self._news if isinstance(one, Part))
        return self._end._replace(parts=parts)

    def _wait(self) -> None:
        """Take in what comes next, for whichever call, until the deadline at most."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            self._calls.take(0.0)  # what is here already counts
            if not self.is_over:
                what = (
                    "did not say that it has the job; is it frozen?"
                    if self.handle is None
                    else f"has no result of job {self.handle} yet; it may still be done"
                )
                self._end = NoAnswer(
                    f"after {self._timeout:.3g} s gearmand {self._calls.server} {what}"
                )
            return
        self._calls.take(left)

    # What `Calls` has heard.

    def hear(self, news: News) -> None:
        """Keep news for whoever iterates."""
        if isinstance(news, Warned):
            self._why = news.text
        self._news.append(news)

    def end(self, raw: bytes, server: Server) -> None:
        """The job is done."""
        if not self.is_over:
            self._end = Returned(raw, self.handle or "", server)

    def fail(self, text: str, server: Server) -> None:
        """The job has failed."""
        if not self.is_over:
            text = text or self._why
            told = f": {text}" if text else " and its worker did not say why"
            job = f"job {self.handle} of {self.function[:80]!r} at gearmand {server}"
            self._end = JobFailed(f"{job} failed{told}", text)

    def give_up(self, error: GearmangError) -> None:
        """It will not be known what becomes of the job."""
        if not self.is_over:
            self._end = error


class _Shared:
    """One job at the server, and the calls that wait for it: those of one key are one job."""

    def __init__(self, key: tuple[str, str, bytes]) -> None:
        self.key = key
        self.calls: list[Call] = []


class Calls:
    """All calls of one client, and their connection.

    Args:
        connect: makes a connection within so many seconds, or raises `ServerLost`.
    """

    def __init__(self, connect: Callable[[float], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self.server: Server | None = None
        self._awaited: deque[_Shared] = deque()  # in the order of answers
        self._option = _Shared(("", "", b""))  # stands for the answer to OPTION_REQ
        self._by_handle: dict[bytes, _Shared] = {}
        self._by_key: dict[tuple[str, str, bytes], _Shared] = {}

    def begin(self, packed: Packed, timeout: float) -> Call:
        """Send a job, without waiting for an answer.

        Raises:
            ServerLost: no server can be reached within the timeout, or it is lost while sending.
            ValueError: a name that cannot be sent.
        """
        request = packed.awaiting()
        deadline = time.monotonic() + timeout
        call = Call(packed.function, self, deadline, timeout)
        self.take(0.0)  # a server that has gone meanwhile is not sent the job
        # gearmand would join the two, and send all that it has to say of their job twice.
        key = (packed.function, packed.unique, packed.payload if packed.unique == "-" else b"")
        shared = self._by_key.get(key)
        if shared is not None:
            call.handle = shared.calls[0].handle
            shared.calls.append(call)
            return call
        shared = _Shared(key)
        shared.calls.append(call)
        try:
            connection = self._connected(deadline)
            self._awaited.append(shared)
            if packed.unique:
                self._by_key[key] = shared
            connection.send(request, timeout=deadline - time.monotonic())
        except ServerLost as error:
            self._lose(str(error))
            raise
        return call

    def take(self, timeout: float) -> None:
        """Take in what comes within so many seconds; what breaks ends all calls."""
        if self._connection is None:
            return
        try:
            packets = self._connection.receive(timeout)
        except ServerLost as error:
            self._lose(str(error))
            return
        server = self._connection.server
        for packet in packets:
            self._hear(packet, server)

    def close(self) -> None:
        """Close the connection; calls that are not over will not be."""
        self._lose("the client was closed before it came")

    def _connected(self, deadline: float) -> Connection:
        if self._connection is None:
            self._connection = self._connect(deadline - time.monotonic())
            self.server = self._connection.server
            self._awaited.append(self._option)
            self._connection.send(_EXCEPTIONS, timeout=deadline - time.monotonic())
        return self._connection

    def _lose(self, why: str) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        lost = [*self._awaited, *self._by_handle.values()]
        self._awaited.clear()
        self._by_handle.clear()
        self._by_key.clear()
        for shared in lost:
            for call in shared.calls:
                job = f"job {call.handle}" if call.handle else "the job"
                call.give_up(ServerLost(f"the result of {job} is not known: {why}"))

    def _hear(self, packet: wire.Packet, server: Server) -> None:
        command = packet.command
        if command == wire.JOB_CREATED:
            self._pass_option()  # OpenStack's geard does not answer it
            if not self._awaited:
                self._lose(f"gearmand {server} confirms what it was not sent")
                return
            self._by_handle[packet.body] = shared = self._awaited.popleft()
            for call in shared.calls:
                call.handle = text_of(packet.body)
        elif command == wire.OPTION_RES:
            self._pass_option()
        elif command == wire.ERROR:
            if self._awaited:
                shared = self._awaited.popleft()
                self._by_key.pop(shared.key, None)
                for call in shared.calls:
                    call.give_up(NotQueued(refusal(server, packet)))
        else:
            # gearmand 1.1.20 may put a NUL behind the handle of a WORK_FAIL.
            handle, _, rest = packet.body.partition(b"\0")
            if handle in self._by_handle:
                self._tell(handle, command, rest, server)

    def _pass_option(self) -> None:
        if self._awaited and self._awaited[0] is self._option:
            self._awaited.popleft()

    def _tell(self, handle: bytes, command: int, rest: bytes, server: Server) -> None:
        shared = self._by_handle[handle]
        if command in _ENDS:
            del self._by_handle[handle]
            self._by_key.pop(shared.key, None)
        news = news_of(command, rest)
        for call in shared.calls:
            if command == wire.WORK_COMPLETE:
                call.end(rest, server)
            elif command in _ENDS:
                call.fail(text_of(rest) if command == wire.WORK_EXCEPTION else "", server)
            elif news is not None and not call.is_over:
                call.hear(news)
