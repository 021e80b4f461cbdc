"""What a collector does between two groups: tell of deaths, prune what is old, sign what is new."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gearmang.dead_letters.acting.pruning import prune
from gearmang.dead_letters.arriving.messenger import Messenger
from gearmang.dead_letters.arriving.notices import Notices
from gearmang.dead_letters.arriving.storing import Stored
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.signing import sign_some

_NOTICE_INTERVAL: Final = 1.0  # seconds between two looks at what is to be told
_SIGN_INTERVAL: Final = 1.0  # seconds; a segment takes a fifth of one
_PRUNE_INTERVAL: Final = 600.0  # seconds


class Chores:
    """Each chore when it is due; what fails is said, and tried again the next time.

    Args:
        messenger: who carries notices; None tells nobody.
        notify_interval: seconds between two notices of one fingerprint.
        retention: seconds that letters are kept; None keeps them.
        most_dead: dead letters that are kept; None keeps all.
        archive: where letters go before they are deleted.
    """

    def __init__(
        self,
        store: Store,
        *,
        say: Callable[[str], None],
        messenger: Messenger | None,
        notify_interval: float,
        retention: float | None,
        most_dead: int | None,
        archive: Path | None,
    ) -> None:
        self._store = store
        self._say = say
        self._messenger = messenger
        self._notices = Notices(store, notify_interval)
        self._retention, self._most_dead, self._archive = retention, most_dead, archive
        self._notify_at = self._prune_at = self._sign_at = 0.0  # on the monotonic clock

    def stored(self, stored: Stored) -> None:
        """Note a group that was stored."""
        if self._messenger is not None:
            self._notices.add(stored)

    def run(self) -> None:
        """Do what is due."""
        try:
            self._notify()
            self._prune()
            self._sign()
        except StoreError as error:
            self._say(str(error))

    def close(self, timeout: float) -> None:
        """Tell what is still to be told, within these seconds."""
        if self._messenger is not None:
            self._notify_at = 0.0
            self.run()
            self._messenger.close(timeout)

    def _notify(self) -> None:
        now = time.monotonic()
        if self._messenger is None or now < self._notify_at:
            return
        self._notify_at = now + _NOTICE_INTERVAL
        for notice in self._notices.due():
            self._messenger.tell(notice)

    def _sign(self) -> None:
        now = time.monotonic()
        if now >= self._sign_at:
            self._sign_at = now + _SIGN_INTERVAL
            sign_some(self._store)

    def _prune(self) -> None:
        now = time.monotonic()
        if self._archive is None or now < self._prune_at:
            return
        self._prune_at = now + _PRUNE_INTERVAL
        pruned = prune(
            self._store, self._archive, older_than=self._retention, most_dead=self._most_dead
        )
        if pruned:
            self._say(f"pruned {pruned} letters to {self._archive}")
