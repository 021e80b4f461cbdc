"""The Gearman worker behind the function ``gearmang``: takes letters, stores them, lets them go.

A job is completed only after the commit that holds its letter. Killed at any line before that,
gearmand gives the job to the next collector; killed between commit and completion, it gives it
once more, and the store knows the death already.
"""

from __future__ import annotations

import random
import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gearmang.dead_letters.arriving.inlet import DEFAULT_MAX_PAYLOAD, Inlet
from gearmang.dead_letters.arriving.letter import DEAD_FUNCTION, Letter
from gearmang.dead_letters.arriving.storing import Stored, store_letters
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.seam import Store
from gearmang.errors import ServerLost
from gearmang.protocol.server import Server
from gearmang.protocol.wire import BadPacket
from gearmang.watch.worker_id import WorkerId
from log_shipping import TaskLogger

_FIRST_WAIT: Final = 0.2  # seconds before a lost server or store is tried again
_LONGEST_WAIT: Final = 5.0  # seconds; a server or store that is back is used within these
_TICK: Final = 0.25  # seconds between two looks at clocks and signals when nothing arrives


@dataclass(slots=True)
class Backoff:
    """When to try again: waits that double, with jitter so that many do not come at once."""

    failures: int = 0
    due: float = 0.0  # on the monotonic clock

    def failed(self) -> float:
        """Note a failure; return the seconds until the next try."""
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(self.failures, 10))
        wait *= random.uniform(0.7, 1.0)  # noqa: S311 # jitter, no secret
        self.failures += 1
        self.due = time.monotonic() + wait
        return wait

    def succeeded(self) -> None:
        self.failures, self.due = 0, 0.0

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.due


class Collector:
    """Collects from several gearmands into one store.

    Args:
        servers: where to take jobs from.
        store: where to put letters; its tables must be there.
        say: is told, in one line, what an operator should know.
        stored: is told what each group has brought.
        max_payload: bytes of the largest payload that is stored.
        process_id, started_at: what the collector's client id is made of.
    """

    def __init__(
        self,
        servers: Sequence[Server],
        store: Store,
        *,
        say: Callable[[str], None],
        stored: Callable[[Stored], None] = lambda _: None,
        max_payload: int = DEFAULT_MAX_PAYLOAD,
        process_id: int,
        started_at: float,
    ) -> None:
        self._store = store
        self._say = say
        self._stored = stored
        self._max_payload = max_payload
        self._client_id = str(
            WorkerId(DEAD_FUNCTION, socket.gethostname(), process_id, int(started_at))
        )
        self._links: dict[Server, Inlet] = {}
        self._absent = {server: Backoff() for server in servers}
        self._store_trouble = Backoff()
        self._records = TaskLogger(DEAD_FUNCTION)
        self._draining = False
        self.count = 0

    def drain(self) -> None:
        """Ask for no more jobs; `step` goes on with those that are on their way."""
        self._draining = True

    @property
    def is_drained(self) -> bool:
        return self._draining and all(link.is_drained for link in self._links.values())

    @property
    def is_storing(self) -> bool:
        """Whether the store takes letters, as far as is known."""
        return self._store_trouble.failures == 0

    def close(self) -> None:
        """Let all connections go; gearmand takes back what is held."""
        for link in self._links.values():
            link.close()
        self._links.clear()

    def step(self, longest: float = _TICK) -> None:
        """Do what there is to do now, and wait for more at most ``longest`` seconds."""
        self._connect()
        # A full link is not read: its gearmand keeps the rest until the store has taken these.
        readable = [link for link in self._links.values() if not link.is_full]
        if readable:
            for link in select.select(readable, [], [], self._patience(longest))[0]:
                self._guarded(link, lambda link: link.read(draining=self._draining))
        else:
            time.sleep(min(longest, _FIRST_WAIT))
        for link in [*self._links.values()]:
            self._guarded(link, Inlet.watch)
        if any(link.is_ready for link in self._links.values()) and self._store_trouble.is_over:
            self._store_group()

    def _patience(self, longest: float) -> float:
        if any(link.is_ready for link in self._links.values()):
            return max(0.0, min(longest, self._store_trouble.due - time.monotonic()))
        return longest

    def _connect(self) -> None:
        if self._draining:
            return
        for server, backoff in self._absent.items():
            if server in self._links or not backoff.is_over:
                continue
            try:
                link = Inlet(server, self._client_id, self._max_payload)
                link.grab()
            except ServerLost as error:
                if backoff.failures == 0:
                    self._say(f"{error}; trying again")
                backoff.failed()
                continue
            if backoff.failures:
                self._say(f"{server} is back")
            backoff.succeeded()
            self._links[server] = link

    def _guarded(self, link: Inlet, action: Callable[[Inlet], None]) -> None:
        """Do something with a link; where its server is lost, forget the link."""
        try:
            action(link)
        except (ServerLost, BadPacket) as error:
            link.close()
            self._links.pop(link.server, None)
            self._absent[link.server].failed()
            self._say(f"{error}; trying again")

    def _store_group(self) -> None:
        links = [*self._links.values()]
        letters = [letter for link in links for _, letter in link.held]
        try:
            with self._records.record(letters=len(letters)) as record:
                stored = self._put(links, letters)
                record.set(new=len(stored.letters), fingerprints=len(stored.first_of))
        except StoreError as error:
            if self._store_trouble.failures == 0:
                self._say(f"{error}; nothing is completed until it is back")
            self._store_trouble.failed()
            return
        if self._store_trouble.failures:
            self._say(f"the store {self._store} is back")
        self._store_trouble.succeeded()
        self.count += len(stored.letters)
        self._stored(stored)

    def _put(self, links: list[Inlet], letters: list[Letter]) -> Stored:
        stored = store_letters(self._store, letters)
        for link in links:
            self._guarded(link, Inlet.complete)
            if not self._draining and link.server in self._links:
                self._guarded(link, Inlet.grab)
        return stored
