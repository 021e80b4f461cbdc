"""Brings the copies in the spool back to gearmand, oldest first, before the next job is taken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final

from gearmang.errors import SpoolError
from gearmang.job.spool import Spool, Spooled
from gearmang.job.submission import Packed
from gearmang.terminal import clean
from gearmang.worker.link import Awaited, Link
from gearmang.worker.loop import Clock

SPOOL_TIMEOUT: Final = 2.0  # seconds; meanwhile no job is taken
SPOOL_RETRY: Final = 1.0  # seconds after a refusal

log = logging.getLogger("gearmang.worker")


class Spooling:
    """A spool and the links by which it is emptied.

    Args:
        spool: None where there is none.
        links: gives those that there are now.
        on_settled: called when a copy was taken or refused.
    """

    def __init__(
        self,
        spool: Spool | None,
        clock: Clock,
        links: Callable[[], Iterable[Link]],
        on_settled: Callable[[], None],
    ) -> None:
        self._spool, self._clock = spool, clock
        self._links, self._on_settled = links, on_settled
        self._under_way = False
        self._at = 0.0

    def next_tick(self) -> float:
        """When the spool is to be looked at again, by the monotonic clock."""
        return self._at if self._spool is not None and not self._under_way else float("inf")

    def keep(self, copy: Packed, reason: str) -> bool:
        """Put a copy that gearmand refused into the spool; False when that cannot be."""
        if self._spool is None:
            return False
        try:
            self._spool.add(copy)
        except SpoolError as error:
            log.warning("%s", error)
            return False
        log.warning("gearmand refused a copy (%s); it is in %s", clean(reason), self._spool.folder)
        self._at = self._clock.monotonic() + SPOOL_RETRY
        return True

    def bring_back(self) -> bool:
        """Submit the oldest copy when it is time to; whether one is under way: take no job then."""
        if self._spool is None:
            return False
        if self._under_way or self._clock.monotonic() < self._at:
            return self._under_way
        self._at = self._clock.monotonic() + SPOOL_RETRY
        link = next((link for link in self._links() if link.up and not link.awaited), None)
        try:
            found = self._spool.oldest() if link is not None else None
        except SpoolError as error:
            log.warning("%s", error)
            return False
        if found is not None and link is not None:
            self._under_way = True
            self._submit(self._spool, found, link)
        return self._under_way

    def _submit(self, spool: Spool, found: Spooled, link: Link) -> None:
        def created() -> None:
            try:
                spool.remove(found)
            except SpoolError as error:
                log.warning("%s", error)
            else:
                self._at = 0.0
            settled()

        def refused(reason: str) -> None:
            told = "%s still refuses the copies in %s: %s"
            log.warning(told, link.server, spool.folder, clean(reason))
            settled()

        def settled() -> None:
            self._under_way = False
            spool.let_go()
            self._on_settled()

        deadline = self._clock.monotonic() + SPOOL_TIMEOUT
        link.submit(found.packed.parts(), Awaited(created, refused, settled, deadline))
