"""Stand-ins for the edges of a worker: the clock, a gearmand's link."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from gearmang.job.submission import Packed
from gearmang.protocol import wire
from gearmang.protocol.key import JobKey, mark_of
from gearmang.protocol.server import Server
from gearmang.protocol.wire import Packet
from gearmang.worker.grabbing import Assigned
from gearmang.worker.link import Awaited, Link
from gearmang.worker.loop import Clock
from gearmang.worker.options import WorkerOptions

JOB_ID = "0123456789abcdef0123456789abcdef"
NOW = 1_764_000_000.0  # seconds since the epoch, when the tests' clock begins
SERVER = Server("gm1", 4730)
FUNCTION = "resize"


class FakeClock(Clock):
    """Two clocks that stand still until they are told to pass."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return 100.0 + self.passed

    def wall(self) -> float:
        return NOW + self.passed

    def go(self, seconds: float) -> None:
        self.passed += seconds


class FakeLink(Link):
    """A link that is up, and remembers what was said on it; whatever else is asked of it raises."""

    def __init__(self, server: Server = SERVER) -> None:
        self.server = server
        self.up = True
        self.awake = True
        self.asked = False
        self.number = 1
        self.keyless = self.timeless = False
        self.ahead = self.polled_at = 0.0
        self.awaited = deque()
        self.said: list[str] = []
        self.submitted: list[Packed] = []
        self.on_packet: Callable[[Link, Packet], None] = lambda _link, _packet: None

    def tick(self, now: float) -> None:
        self.said.append("tick")

    def next_tick(self) -> float:
        return float("inf")

    def send(self, *parts: bytes) -> None:
        data = b"".join(parts)
        while data:
            command, size = int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")
            body = data[12 : 12 + size].replace(b"\0", b" ").decode("latin-1")
            self.said.append(f"{NAMES[command]} {body}".rstrip())
            data = data[12 + size :]

    def grab(self, before: bytes = b"") -> None:
        assert not self.asked, "asked twice"
        self.asked = True
        self.send(before)
        self.said.append("GRAB")

    def sleep(self) -> None:
        self.awake = False
        self.said.append("SLEEP")

    def rename(self, client_id: str) -> None:
        self.said.append(f"ID {client_id}")

    def submit(self, parts: tuple[bytes, bytes], awaited: Awaited) -> None:
        command = int.from_bytes(parts[0][4:8], "big")
        function, unique, *when = parts[0][12:-1].decode().split("\0")
        self.awaited.append(awaited)
        at = int(when[0]) if when else None
        priority = "low" if command == wire.SUBMIT_JOB_LOW_BG else "normal"
        self.submitted.append(Packed(function, parts[1], unique, priority, at))  # type: ignore[arg-type]

    def lose(self, why: str) -> None:
        self.said.append(f"LOST {why}")
        self.up = self.awake = self.asked = False
        awaited, self.awaited = self.awaited, deque()
        for one in awaited:
            one.lost()

    def part(self, timeout: float) -> None:
        self.said.append("PARTED")

    def descriptors(self) -> tuple[int, ...]:
        return ()

    def come_back(self) -> None:
        """A new connection to the same server."""
        self.number += 1
        self.up = self.awake = True

    def created(self) -> None:
        """gearmand says JOB_CREATED."""
        self.awaited.popleft().created()

    def refuse(self, why: str = "queue full") -> None:
        """gearmand says ERROR."""
        self.awaited.popleft().refused(why)

    def give(self, unique: str = "", data: bytes = b"x", handle: str = "H:gm1:1") -> None:
        """gearmand gives a job that was asked for."""
        body = b"\0".join((handle.encode(), FUNCTION.encode(), unique.encode(), data))
        self.on_packet(self, Packet(wire.JOB_ASSIGN_UNIQ, body))

    def say(self, command: int) -> None:
        """gearmand says a word without a body."""
        self.on_packet(self, Packet(command, b""))

    def heard(self) -> list[str]:
        """What was said since the last time."""
        said, self.said = self.said, []
        return said


NAMES = {
    wire.WORK_COMPLETE: "COMPLETE",
    wire.WORK_FAIL: "FAIL",
    wire.WORK_EXCEPTION: "EXCEPTION",
    wire.WORK_WARNING: "WARNING",
    wire.WORK_STATUS: "STATUS",
    wire.WORK_DATA: "DATA",
}


def assigned(
    link: Link, unique: str = "", data: bytes = b"x", handle: str = "H:gm1:1", missing: int = 0
) -> Assigned:
    """A job as gearmand gave it."""
    body = b"\0".join((handle.encode(), FUNCTION.encode(), unique.encode(), data))
    return Assigned(link, link.number, body, missing)


def key(
    delivery: int = 1, attempt: int = 1, not_before: float | None = None, job_id: str = JOB_ID
) -> str:
    """A unique key of ours."""
    at = None if not_before is None else int(not_before)
    return str(JobKey(job_id, NOW - 60, mark_of(FUNCTION), delivery, attempt, at))


def options(**given: Any) -> WorkerOptions:
    return WorkerOptions(function=FUNCTION, target="m:f", servers=(SERVER,), **given)
