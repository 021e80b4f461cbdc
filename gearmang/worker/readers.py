"""Who would get a retry: an envelope goes only where every worker of its function reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

from gearmang.protocol import replies
from gearmang.protocol.channel import connect, converse
from gearmang.protocol.entries import Peer
from gearmang.protocol.errors import AdminError, BadReply, RefusedReply
from gearmang.protocol.exchange import Command, Exchange
from gearmang.protocol.server import Server
from gearmang.protocol.steps import Steps
from gearmang.watch.worker_id import WorkerId
from gearmang.worker.loop import Clock, Conversation, Loop

if TYPE_CHECKING:
    from gearmang.protocol import Tls

FRESH: Final = 1.0  # seconds for which a look is believed; many retries cost one look
REMEMBERED: Final = 3600.0  # seconds; a worker of another make that is away comes back
LOOK_TIMEOUT: Final = 1.0  # seconds; a retry waits no longer to travel with its history

Told = Callable[[bool], None]


def all_are_ours(peers: Iterable[Peer], function: str) -> bool:
    """Whether every worker of the function is known to read envelopes; nobody is not every."""
    ids = [peer.client_id for peer in peers if function in peer.functions]
    return bool(ids) and all(WorkerId.parse(client_id) is not None for client_id in ids)


class Readers:
    """Looks at the workers that one gearmand lists.

    Args:
        function: the one that retries go to.
    """

    def __init__(
        self, server: Server, function: str, loop: Loop, clock: Clock, tls: Tls | None = None
    ) -> None:
        self._server, self._function, self._tls = server, function, tls
        self._loop, self._clock = loop, clock
        self._looking: Conversation[Iterable[Peer]] | None = None
        self._asking: list[Told] = []
        self._looked_at = float("-inf")
        self._known = False
        self._other_seen_at = float("-inf")

    def ask(self, told: Told) -> None:
        """Have `told` called, at once or soon: True when all workers read envelopes."""
        now = self._clock.monotonic()
        if self._looking is None and now - self._looked_at <= FRESH:
            told(self._known)
            return
        self._asking.append(told)
        if self._looking is None:
            steps = self._steps(now + LOOK_TIMEOUT)
            self._looking = Conversation(self._loop, steps, self._looked)
            self._looking.start()

    def tick(self, now: float) -> None:
        """Give up a look that takes too long."""
        if self._looking is not None:
            self._looking.tick(now)

    def next_tick(self) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        return self._looking.until if self._looking is not None else float("inf")

    def descriptors(self) -> tuple[int, ...]:
        """The descriptors that an executor must not keep open."""
        return self._looking.descriptors() if self._looking is not None else ()

    def _steps(self, deadline: float) -> Steps[Iterable[Peer]]:
        sock = yield from connect(self._server, self._tls, deadline)
        with sock:
            parse = partial(replies.workers, known=(self._function,))
            exchange = Exchange([Command(b"workers", parse)])
            yield from converse(sock, self._server, exchange, deadline)
            try:
                peers: Iterable[Peer] = exchange.results()[0]
            except (BadReply, RefusedReply):
                return ()  # a server of another make
            return peers

    def _looked(self, found: Iterable[Peer] | AdminError) -> None:
        self._looking = None
        self._looked_at = self._clock.monotonic()
        peers = () if isinstance(found, AdminError) else tuple(found)
        self._known = all_are_ours(peers, self._function)
        if not self._known and any(self._function in peer.functions for peer in peers):
            self._other_seen_at = self._looked_at
        if self._looked_at - self._other_seen_at < REMEMBERED:
            self._known = False
        asking, self._asking = self._asking, []
        for told in asking:
            told(self._known)
