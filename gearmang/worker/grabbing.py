"""Takes jobs from all gearmands, one at a time, and tells gearmand what became of them."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from gearmang.protocol import wire
from gearmang.protocol.wire import Packet
from gearmang.worker.link import Link
from gearmang.worker.loop import Clock

PATIENCE: Final = 0.5  # seconds for an answer to GRAB_JOB before another server is asked
SILENCE: Final = 20.0  # seconds without that answer before the connection is made again
MOST_ASIDE: Final = 50  # copies that may await their JOB_CREATED while jobs are asked for


class Assigned(NamedTuple):
    """A job that gearmand gave us.

    Attributes:
        link: where it came from.
        number: which connection of the link; after a reconnect the job is no longer ours.
        body: of the packet: handle, function, unique key and data.
        missing: bytes of the data that were too many to be taken.
    """

    link: Link
    number: int
    body: bytes
    missing: int = 0

    @property
    def handle(self) -> bytes:
        return self.body[: self.body.index(b"\0")]

    @property
    def unique(self) -> bytes:
        second = self.body.index(b"\0", self.body.index(b"\0") + 1) + 1
        return self.body[second : self.body.index(b"\0", second)]

    @property
    def data(self) -> bytes:
        return self.body.split(b"\0", 3)[3]

    @property
    def is_ours(self) -> bool:
        """Whether gearmand still waits for us to end it."""
        return self.link.up and self.link.number == self.number


def fail(job: Assigned, told: str) -> None:
    """Tell gearmand, and a caller who waits, that the attempt failed.

    gearmand 1.1.20 takes WORK_EXCEPTION for the end of the job, and the WORK_FAIL that it then
    sends to callers who did not ask for exceptions has a NUL in its handle: the C tool hangs on it,
    pygearman and Perl die of it. So the text goes as a warning, which all of them read.
    """
    if job.is_ours:
        handle = job.handle
        text = told.encode("utf-8", "backslashreplace")
        # Perl's server knows no warnings, and passes exceptions on as it should.
        why = wire.WORK_EXCEPTION if job.link.keyless else wire.WORK_WARNING
        job.link.send(wire.request(why, handle, text) + wire.request(wire.WORK_FAIL, handle))


class Grabbing:
    """The links of one slot and what waits on them.

    Args:
        want: whether a job can be run now.
        sift: whether a job is not to be run; it is seen to by then.
        on_job: called with each job, only while `want` says that one is wanted.
        on_found: called with the link that a job came by.
    """

    def __init__(
        self,
        links: Sequence[Link],
        clock: Clock,
        *,
        want: Callable[[], bool],
        sift: Callable[[Assigned], bool],
        on_job: Callable[[Assigned], None],
        on_found: Callable[[Link], None],
    ) -> None:
        self.links = links
        self._clock = clock
        self._want, self._sift = want, sift
        self._on_job, self._on_found = on_job, on_found
        for link in links:
            link.on_packet = self._take
        self._turn = deque(links)
        self._asking: Link | None = None
        self._asked_at = 0.0
        self._late: deque[Assigned] = deque()
        self._held: list[tuple[float, int, Assigned]] = []
        self._count = 0

    def next(self) -> None:
        """Have the next job brought, from wherever there may be one."""
        if not self._want():
            return
        while self._late or (self._held and self._held[0][0] <= self._clock.wall()):
            job = self._late.popleft() if self._late else heapq.heappop(self._held)[2]
            if job.is_ours:
                self._on_job(job)
                return
        if self._asking is not None:
            return
        for _ in range(len(self._turn)):
            link = self._turn[0]
            self._turn.rotate(-1)
            if link.awake and not link.asked and _is_open(link):
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

    def pass_on(self, job: Assigned, command: int, body: bytes) -> None:
        """Send WORK_STATUS or WORK_DATA to a caller who waits."""
        if job.is_ours and not (job.link.keyless and command == wire.WORK_DATA):
            job.link.send(wire.request(command, job.handle, body))

    def hold(self, job: Assigned, until: float) -> None:
        """Keep a job that came before its time, given in seconds since the epoch."""
        self._count += 1
        heapq.heappush(self._held, (until, self._count, job))

    def tick(self, now: float) -> None:
        """Connect, and give up waiting."""
        for link in self.links:
            link.tick(now)
        asking = self._asking
        if asking is not None and (not asking.asked or now - self._asked_at > PATIENCE):
            self._asking = None
        for link in self.links:
            if link.asked and now - link.polled_at > SILENCE:
                link.lose(f"has not answered for {SILENCE:g} s")
        self.next()

    def next_tick(self, now: float) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        soonest = float("inf")
        for link in self.links:
            soonest = min(soonest, link.next_tick())
            if link.asked:
                soonest = min(soonest, link.polled_at + SILENCE)
        if self._asking is not None:
            soonest = min(soonest, self._asked_at + PATIENCE)
        if self._held:
            soonest = min(soonest, now + self._held[0][0] - self._clock.wall())
        return soonest

    def part(self, timeout: float) -> None:
        """Close all links in peace; what was not started goes back to gearmand."""
        for link in self.links:
            link.part(timeout)

    def _ask(self, link: Link, before: bytes) -> None:
        self._asking = link
        self._asked_at = link.polled_at = self._clock.monotonic()
        link.grab(before)

    def _is_alone(self, link: Link) -> bool:
        if len(self.links) == 1:
            return True
        return all(other is link or not other.awake or other.asked for other in self.links)

    def _take(self, link: Link, packet: Packet) -> None:
        command = packet.command
        if command == wire.JOB_ASSIGN_UNIQ:
            if not link.asked:
                link.lose("gave a job that nobody had asked for")
                return
            link.asked = False
            if link is self._asking:
                self._asking = None
            job = Assigned(link, link.number, packet.body, packet.missing)
            if self._sift(job):
                self.next()
            elif self._want():
                self._on_job(job)
            else:  # a slow server's answer, while another server's job is running
                self._late.append(job)
            self._on_found(link)
        elif command == wire.NO_JOB and link.asked:
            link.asked = False
            link.sleep()
            if link is self._asking:
                self._asking = None
            self.next()
        elif command == wire.NOOP:
            link.awake = True
            self.next()


def _is_open(link: Link) -> bool:
    return not link.awaited or (link.is_free and len(link.awaited) < MOST_ASIDE)
