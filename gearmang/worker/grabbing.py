"""Takes jobs from all gearmands, one at a time, and tells gearmand what became of them."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from gearmang.job.submission import as_bytes
from gearmang.protocol import wire
from gearmang.protocol.wire import Packet
from gearmang.worker.link import Awaited, Link
from gearmang.worker.loop import Loop
from gearmang.worker.options import WorkerOptions

PATIENCE: Final = 0.5  # seconds for an answer to GRAB_JOB before another server is asked
SILENCE: Final = 20.0  # seconds without that answer before the connection is made again
# gearmand 1.1.20 wakes nobody when a scheduled job is due, so a sleeping worker looks by itself.
POLL: Final = 2.0  # seconds
MOST_HELD: Final = 100  # jobs that wait here for their time
SUBMIT_TIMEOUT: Final = 10.0  # seconds for JOB_CREATED


class Assigned(NamedTuple):
    """A job that gearmand gave us.

    Attributes:
        link: where it came from.
        number: which connection of the link; after a reconnect the job is no longer ours.
        body: of the packet: handle, function, unique key and data.
    """

    link: Link
    number: int
    body: bytes

    @property
    def handle(self) -> bytes:
        return self.body[: self.body.index(b"\0")]

    @property
    def is_ours(self) -> bool:
        """Whether gearmand still waits for us to end it."""
        return self.link.up and self.link.number == self.number


class Intake:
    """The links and what waits on them.

    Args:
        on_job: called with each job, only while `want` says that one is wanted.
        on_change: called with a link and a sentence when a server is up or lost.
    """

    def __init__(
        self,
        options: WorkerOptions,
        worker: str,
        loop: Loop,
        *,
        want: Callable[[], bool],
        on_job: Callable[[Assigned], None],
        on_change: Callable[[Link, str], None],
    ) -> None:
        self._want = want
        self._on_job = on_job
        hello = wire.request(wire.SET_CLIENT_ID, worker.encode()) + wire.request(
            wire.CAN_DO, as_bytes(options.function)
        )
        self.links = [
            Link(server, loop, hello=hello, on_packet=self._take, on_change=on_change)
            for server in options.servers
        ]
        self._turn = deque(self.links)
        self._asking: Link | None = None
        self._asked_at = 0.0
        self._late: deque[Assigned] = deque()
        self._held: list[tuple[float, int, Assigned]] = []
        self._count = 0
        self._due: list[float] = []  # when scheduled copies of ours are due, by the wall clock

    def next(self) -> None:
        """Have the next job brought, from wherever there may be one."""
        if not self._want():
            return
        while self._late or (self._held and self._held[0][0] <= time.time()):
            job = self._late.popleft() if self._late else heapq.heappop(self._held)[2]
            if job.is_ours:
                self._on_job(job)
                return
        if self._asking is not None or len(self._held) >= MOST_HELD:
            return
        for _ in range(len(self._turn)):
            link = self._turn[0]
            self._turn.rotate(-1)
            if link.awake and not link.asked and not link.awaited:
                self._ask(link, b"")
                return

    def complete(self, job: Assigned, result: bytes) -> None:
        """Tell gearmand the result and take the next job, in one write where it is the same."""
        if not job.is_ours:
            self.next()
            return
        link = job.link
        done = wire.request(wire.WORK_COMPLETE, job.handle, result)
        if (
            link.awake
            and not self._late
            and not self._held
            and self._asking is None
            and self._is_alone(link)
            and self._want()
        ):
            self._ask(link, done)
        else:
            link.send(done)
            self.next()

    def fail(self, job: Assigned, told: str) -> None:
        """Tell gearmand, and a caller who waits, that the attempt failed.

        gearmand 1.1.20 takes WORK_EXCEPTION for the end of the job and tells WORK_FAIL to callers
        who did not ask for exceptions; others wait for WORK_FAIL.
        """
        if job.is_ours:
            handle = job.handle
            text = told.encode("utf-8", "backslashreplace")
            job.link.send(
                wire.request(wire.WORK_EXCEPTION, handle, text)
                + wire.request(wire.WORK_FAIL, handle)
            )

    def pass_on(self, job: Assigned, command: int, body: bytes) -> None:
        """Send WORK_STATUS or WORK_DATA to a caller who waits."""
        if job.is_ours:
            job.link.send(wire.request(command, job.handle, body))

    def hold(self, job: Assigned, until: float) -> None:
        """Keep a job that came before its time, given in seconds since the epoch."""
        self._count += 1
        heapq.heappush(self._held, (until, self._count, job))

    def expect(self, at: float) -> None:
        """Look for a scheduled copy at this time, in seconds since the epoch."""
        if len(self._due) < MOST_HELD:
            heapq.heappush(self._due, at)

    def submit(
        self,
        link: Link,
        request: bytes,
        created: Callable[[], None],
        refused: Callable[[str], None],
        timeout: float = SUBMIT_TIMEOUT,
    ) -> None:
        """Submit a copy; one of the callbacks is called, or the link is lost."""
        link.submit(request, Awaited(created, refused, time.monotonic() + timeout))

    def tick(self, now: float) -> None:
        """Connect, give up waiting, and look for jobs that nobody announced."""
        for link in self.links:
            link.tick(now)
        asking = self._asking
        if asking is not None and (not asking.asked or now - self._asked_at > PATIENCE):
            self._asking = None
        for link in self.links:
            if link.asked and now - link.polled_at > SILENCE:
                link.lose(f"has not answered for {SILENCE:g} s")
            elif link.up and not link.awake and not link.asked and now - link.polled_at >= POLL:
                link.awake = True
        while self._due and self._due[0] <= time.time():
            heapq.heappop(self._due)
            for link in self.links:
                link.awake = link.up
        self.next()

    def next_tick(self, now: float) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        soonest = now + POLL
        for link in self.links:
            soonest = min(soonest, link.next_tick())
            if link.asked:
                soonest = min(soonest, link.polled_at + SILENCE)
            elif link.up and not link.awake:
                soonest = min(soonest, link.polled_at + POLL)
        if self._asking is not None:
            soonest = min(soonest, self._asked_at + PATIENCE)
        wall = time.time()
        for times in (self._due[:1], [until for until, _, _ in self._held[:1]]):
            soonest = min(soonest, *(now + at - wall for at in times), soonest)
        return soonest

    def part(self, timeout: float) -> None:
        """Close all links in peace; what was not started goes back to gearmand."""
        for link in self.links:
            link.part(timeout)

    def _ask(self, link: Link, before: bytes) -> None:
        self._asking = link
        self._asked_at = link.polled_at = time.monotonic()
        link.grab(before)

    def _is_alone(self, link: Link) -> bool:
        if len(self.links) == 1:
            return True
        return all(other is link or not other.awake or other.asked for other in self.links)

    def _take(self, link: Link, packet: Packet) -> None:
        command = packet.command
        if command == wire.JOB_ASSIGN_UNIQ:
            link.asked = False
            if link is self._asking:
                self._asking = None
            job = Assigned(link, link.number, packet.body)
            if self._want():
                self._on_job(job)
            else:  # a slow server's answer, while another server's job is running
                self._late.append(job)
        elif command == wire.NO_JOB:
            link.asked = False
            link.sleep()
            if link is self._asking:
                self._asking = None
            self.next()
        elif command == wire.NOOP:
            link.awake = True
            self.next()
