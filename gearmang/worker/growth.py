"""How many slots a pool has: more while jobs wait and all are busy, fewer when they are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gearmang.protocol import replies
from gearmang.protocol.channel import connect, converse
from gearmang.protocol.errors import AdminError
from gearmang.protocol.exchange import Command, Exchange
from gearmang.worker.loop import Clock, Conversation, Loop

if TYPE_CHECKING:
    from gearmang.protocol import Tls
    from gearmang.protocol.server import Server
    from gearmang.protocol.steps import Steps
    from gearmang.worker.options import WorkerOptions

GROW_AFTER: Final = 1.0  # seconds that all slots are busy before the servers are asked
ASK_TIMEOUT: Final = 2.0  # seconds for their answers
SHRINK_AFTER: Final = 60.0  # seconds over which the most busy slots at once are counted


class Load:
    """How many slots of a process are busy.

    Attributes:
        busy: now.
        peak: the most at once since it was last set back.
        on_busier: called when one more is.
    """

    def __init__(self) -> None:
        self.busy = self.peak = 0
        self.on_busier: Callable[[], None] | None = None

    def began(self) -> None:
        """A slot has taken a job."""
        self.busy += 1
        if self.busy > self.peak:
            self.peak = self.busy
        if self.on_busier is not None:
            self.on_busier()

    def ended(self) -> None:
        """A slot has no job any more."""
        self.busy -= 1


class Growth:
    """Decides how many slots there are to be, between two bounds.

    Args:
        options: of the worker; ``processes`` is the least, ``most`` the most.
        load: of its slots.
        wake_by: asks for a `tick` at a time of the monotonic clock.

    Attributes:
        wanted: so many slots.
    """

    def __init__(
        self,
        options: WorkerOptions,
        loop: Loop,
        clock: Clock,
        load: Load,
        wake_by: Callable[[float], None],
    ) -> None:
        self.wanted = options.processes
        self._options, self._loop, self._clock = options, loop, clock
        self._load, self._wake_by = load, wake_by
        self._asking: list[Conversation[int]] = []
        self._waiting = 0
        self._ask_at = float("inf")
        self._shrink_at = clock.monotonic() + SHRINK_AFTER
        if options.most > options.processes:
            load.on_busier = self._busier

    def tick(self, now: float) -> None:
        """Grow and shrink where it is time to."""
        if self._options.most <= self._options.processes:
            return
        for one in [*self._asking]:
            one.tick(now)
        full = self._load.busy >= self.wanted
        if self._waiting and full and self.wanted < self._options.most:
            # At most twice as many: the servers are asked again in a second.
            self.wanted = min(self._options.most, self.wanted + min(self._waiting, self.wanted))
        self._waiting = 0
        if now >= self._ask_at:
            self._ask_at = float("inf")
            if full and self.wanted < self._options.most:
                self._ask(now)
        if now >= self._shrink_at:
            self.wanted = max(self._options.processes, min(self.wanted, self._load.peak))
            self._load.peak = self._load.busy
            self._shrink_at = now + SHRINK_AFTER

    def next_tick(self) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        soonest = min((one.until for one in self._asking), default=self._ask_at)
        if self.wanted > self._options.processes:
            soonest = min(soonest, self._shrink_at)
        return min(soonest, self._ask_at)

    def descriptors(self) -> list[int]:
        """The descriptors that a nursery must not keep open."""
        return [descriptor for one in self._asking for descriptor in one.descriptors()]

    def close(self) -> None:
        """Ask no more."""
        for one in self._asking:
            one.close()
        self._asking = []
        self._load.on_busier = None

    def _busier(self) -> None:
        if self._load.busy >= self.wanted < self._options.most and self._ask_at == float("inf"):
            self._ask_at = self._clock.monotonic() + GROW_AFTER
            self._wake_by(self._ask_at)

    def _ask(self, now: float) -> None:
        """Ask all servers how many jobs wait; the answers come by the loop."""
        self._ask_at = now + GROW_AFTER
        if self._asking:
            return
        options = self._options
        for server in options.servers:
            self._ask_one(waiting(server, options.tls, options.function, now + ASK_TIMEOUT))

    def _ask_one(self, steps: Steps[int]) -> None:
        def heard(answer: int | AdminError) -> None:
            self._asking.remove(asked)
            if not isinstance(answer, AdminError):
                self._waiting += answer
            self._wake_by(0.0)

        asked = Conversation(self._loop, steps, heard)
        self._asking.append(asked)
        asked.start()


def waiting(server: Server, tls: Tls | None, function: str, deadline: float) -> Steps[int]:
    """Ask one server how many jobs of a function wait there.

    Args:
        deadline: by the monotonic clock.

    Raises:
        AdminError: it does not tell.
    """
    sock = yield from connect(server, tls, deadline)
    with sock:
        exchange = Exchange((Command(b"status", replies.status),))
        yield from converse(sock, server, exchange, deadline)
        found = [one for one in exchange.results()[0] if one.name == function]
    return sum(one.total - one.running for one in found)
