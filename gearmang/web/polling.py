"""One thread that polls all gearmands each interval, and keeps what it saw last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from gearmang.dead_letters.store.errors import StoreError
from gearmang.protocol.errors import Unreachable
from gearmang.watch.movement import Past
from gearmang.watch.overview import Overview, overview
from gearmang.watch.poll import poll
from gearmang.watch.remembering import CannotRemember, remembered
from gearmang.web.following import Following, Moves
from gearmang.web.letters_counted import Counted, counted
from gearmang.web.samples import Sample, Samples, SamplesError
from gearmang.web.settings import PageSettings
from gearmang.web.stores import Stores

_LONGEST_POLL: Final = 5.0  # seconds
_LOCK_TIMEOUT: Final = 1.0  # seconds that another page may hold what is remembered
_SHARE: Final = 0.8  # of the interval, that a poll may take
_STALE: Final = 3  # intervals without a poll, after which what was seen last is old


class Sight(NamedTuple):
    """What was seen at one time.

    Attributes:
        at: seconds since the epoch.
        seen: the gearmands, side by side.
        moves: each server, followed from poll to poll; None where it is lost.
        letters: the store's counts; None where it was not asked or gave no answer.
        problems: sentences about what could not be seen, for the page and the log.
    """

    at: float
    seen: Overview
    moves: tuple[Moves | None, ...]
    letters: Counted | None = None
    problems: tuple[str, ...] = ()


class Poller:
    """Looks once an interval, in a thread of its own.

    Args:
        say: is told each problem once while it lasts.
    """

    def __init__(
        self,
        settings: PageSettings,
        stores: Stores | None,
        samples: Samples,
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._samples = samples
        self._say = say
        self._said: frozenset[str] = frozenset()
        self.following = Following()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polling", daemon=True)
        self.sight: Sight | None = None

    def start(self) -> None:
        """Look for the first time, then go on in the thread.

        What an earlier process remembered of the queues' movement is taken up, where it is young
        enough to be told of.
        """
        self._remember(self.following.pasts.update)
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """End the thread, within the time that one poll may take."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(_LONGEST_POLL + 1)
        self._remember(lambda pasts: pasts.update(self.following.pasts))

    @property
    def is_fresh(self) -> bool:
        """Whether the last look is not older than three intervals."""
        return (
            self.sight is not None
            and time.time() - self.sight.at < _STALE * self._settings.interval + _LONGEST_POLL
        )

    def look(self) -> None:
        """Poll once, keep what was seen."""
        settings = self._settings
        timeout = min(_LONGEST_POLL, settings.interval * _SHARE)
        try:
            answers = poll(settings.servers, timeout=timeout, priorities=True, keys=True)
        except Exception as error:  # no memory, no descriptor: the next look may succeed
            problem = f"cannot be asked: {type(error).__name__}: {error}"
            answers = [Unreachable(server, problem) for server in settings.servers]
        now = time.time()
        seen = overview(answers, now)
        moves = self.following.moves(answers, now)
        problems = [str(error) for error in seen.lost]
        letters = None
        if self._stores is not None:
            try:
                with self._stores.looking() as connection:
                    letters = counted(connection, now)
            except StoreError as error:
                problems.append(str(error))
        sums = (
            (row.sums.name, Sample(row.sums.waiting, row.sums.running, row.sums.workers))
            for row in seen.rows
        )
        try:
            self._samples.add(now, sums, whole=not seen.lost)
        except SamplesError as error:
            problems.append(str(error))
        self.sight = Sight(now, seen, moves, letters, tuple(problems))
        for problem in problems:
            if problem not in self._said:
                self._say(problem)
        self._said = frozenset(problems)

    def _remember(self, change: Callable[[dict[str, Past]], None]) -> None:
        """Read and change what is kept beside the samples; nothing where these are in memory."""
        if self._settings.samples is None:
            return
        path = f"{self._settings.samples}.movement"
        try:
            with remembered(path, time.monotonic() + _LOCK_TIMEOUT) as pasts:
                change(pasts)
        except CannotRemember as error:
            self._say(f"movement begins anew: {error}")

    def _run(self) -> None:
        due = time.monotonic()
        while True:
            due = max(due + self._settings.interval, time.monotonic())
            if self._ending.wait(due - time.monotonic()):
                return
            self.look()
