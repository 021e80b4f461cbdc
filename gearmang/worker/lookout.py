"""Looks for jobs that gearmand wakes nobody for: scheduled ones, when their time has come."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Final, NamedTuple

from gearmang.protocol.server import Server
from gearmang.worker.link import Link
from gearmang.worker.loop import Clock

# gearmand 1.1.20 wakes nobody when a scheduled job is due, so a sleeping worker looks by itself.
POLL: Final = 2.0  # seconds
BEHIND: Final = 0.01  # seconds that time(2), which gearmand goes by, may be behind the clock
MOST_EXPECTED: Final = 100  # copies that are looked for at their very time


class _Sleeper(NamedTuple):
    link: Link
    wake: Callable[[], None]  # has its slot ask for a job


class Lookout:
    """One slot looks at each server, not all of them; where it finds a job, the next one looks.

    Args:
        wake_by: asks for a `tick` at a time of the monotonic clock.
    """

    def __init__(self, clock: Clock, wake_by: Callable[[float], None]) -> None:
        self._clock, self._wake_by = clock, wake_by
        self._sleepers: dict[Server, list[_Sleeper]] = {}
        self._looked_at: dict[Server, float] = {}
        self._looking: set[int] = set()  # ids of links that were woken to look
        self._due: list[float] = []  # when scheduled copies of ours are due, by the wall clock

    def join(self, link: Link, wake: Callable[[], None]) -> None:
        """Take a link in; `wake` is called when it is to look."""
        self._sleepers.setdefault(link.server, []).append(_Sleeper(link, wake))
        self._looked_at.setdefault(link.server, self._clock.monotonic())

    def leave(self, link: Link) -> None:
        """Forget a link."""
        self._looking.discard(id(link))
        self._sleepers[link.server] = [
            sleeper for sleeper in self._sleepers[link.server] if sleeper.link is not link
        ]

    def expect(self, at: float) -> None:
        """Look for a scheduled copy at this time, in seconds since the epoch."""
        if len(self._due) < MOST_EXPECTED:
            heapq.heappush(self._due, at + BEHIND)
            self._wake_by(0.0)

    def found(self, link: Link) -> None:
        """A job came by this link: where it was only looking, there may be more."""
        if self._looking and id(link) in self._looking:
            self._looking.discard(id(link))
            self._look(link.server)

    def tick(self, now: float) -> None:
        """Look where it is time to."""
        due = False
        while self._due and self._due[0] <= self._clock.wall():
            heapq.heappop(self._due)
            due = True
        for server, looked_at in self._looked_at.items():
            if due or now - looked_at >= POLL:
                self._looked_at[server] = now
                self._look(server)

    def next_tick(self, now: float) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        soonest = min(self._looked_at.values(), default=now) + POLL
        if self._due:
            soonest = min(soonest, now + self._due[0] - self._clock.wall())
        return soonest

    def _look(self, server: Server) -> None:
        for link, wake in self._sleepers[server]:
            if link.up and not link.awake and not link.asked:
                self._looking.add(id(link))
                link.awake = True
                wake()
                return
