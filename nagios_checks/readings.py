"""Where checks read from, and each source read once however many checks want it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Union

from nagiosplugin.state import Critical, Ok

from gearmang.protocol import AdminError, TimedOut, Tls
from gearmang.watch.poll import Snapshot, Target, poll
from nagios_checks.findings import Finding
from nagios_checks.shared_options import Chosen, Timeout, servers

if TYPE_CHECKING:
    from gearmang.dead_letters.store.silences import Silence
    from gearmang.dead_letters.store.tally import Tally
    from gearmang.records.rollup import RolledUp
    from gearmang.watch.movement import Past
    from nagios_checks.task_records import TaskFigures

LEAST_TIME = 0.05  # seconds
DEFAULT_STORE = "/var/lib/gearmang/dead_letters.db"
Answer = Union[Snapshot, AdminError]


class Readings:
    """The servers, the store and the records, as they are during one run.

    Args:
        timeout: how long the whole run may take.
        begun: since when, on the monotonic clock.

    Attributes:
        followed: state file and window → server → how its queues have moved up to this run.
    """

    def __init__(self, timeout: Timeout, begun: float) -> None:
        self.timeout = timeout
        self.now = time.time()
        self.deadline = begun + timeout.seconds
        self.followed: dict[tuple[str, float], dict[str, Past]] = {}
        self._answers: dict[Target, Answer] = {}
        self._tallies: dict[tuple[str, float], Tally | Finding] = {}
        self._silences: dict[str, tuple[Silence, ...] | Finding] = {}
        self._figures: dict[tuple[str, float], dict[str, TaskFigures] | Finding] = {}
        self._minutes: dict[tuple[str, str, float], RolledUp | Finding] = {}

    def until(self, deadline: float) -> Readings:
        """The same readings with an earlier deadline, on the monotonic clock."""
        from copy import copy

        other: Readings = copy(self)
        other.deadline = min(deadline, self.deadline)
        return other

    @property
    def seconds_left(self) -> float:
        """Until the run must have ended; never less than a moment, so that a poll can be tried."""
        return max(LEAST_TIME, self.deadline - time.monotonic())

    def poll(
        self,
        targets: Iterable[Target],
        *,
        workers: bool = False,
        verbosity: bool = False,
        keys: bool = False,
    ) -> list[Answer]:
        """What each server says, in the order of ``targets``.

        A server that was asked before is not asked again: whoever polls for several checks asks
        first for all that any of them wants.
        """
        targets = list(targets)
        missing = [target for target in targets if target not in self._answers]
        if missing:
            answers = poll(
                missing,
                timeout=self.seconds_left,
                workers=workers,
                verbosity=verbosity,
                keys=keys,
            )
            self._answers.update(zip(missing, answers))
        return [self._answers[target] for target in targets]

    def tally(self, store: str | None, window: float) -> Tally | Finding:
        """The dead letters of a store.

        Args:
            store: a path or an SQLAlchemy URL; None for ``$GEARMANG_STORE``, else the default.
            window: seconds that count as lately.

        Returns:
            The tally, or the finding that the store cannot be read.
        """
        url = store or os.environ.get("GEARMANG_STORE") or DEFAULT_STORE
        if (url, window) not in self._tallies:
            self._tallies[url, window] = self._tally(url, window)
        return self._tallies[url, window]

    def records(self, path: str, window: float) -> dict[str, TaskFigures] | Finding:
        """The figures of the task records of the last ``window`` seconds, by function.

        Returns:
            The figures, or the finding that the records cannot be read.
        """
        if (path, window) not in self._figures:
            self._figures[path, window] = self._read_records(path, window)
        return self._figures[path, window]

    def minutes(self, path: str, file: str, within: float) -> RolledUp | Finding:
        """The jobs of the last six hours, by minute, kept in a file.

        Args:
            path: where the records are.
            file: that keeps what was read of them.
            within: seconds in which a good job comes to a good end.

        Returns:
            The jobs, or the finding that the records cannot be read, or not in time.
        """
        if (path, file, within) not in self._minutes:
            self._minutes[path, file, within] = self._roll_up(path, file, within)
        return self._minutes[path, file, within]

    def failure(self, error: AdminError) -> Finding:
        """A server that cannot be read: CRITICAL, or what -t says where it took too long."""
        state = self.timeout.state if isinstance(error, TimedOut) else Critical
        return Finding(state, str(error), weight=float("inf"), read=False)

    def silences(self, url: str) -> tuple[Silence, ...] | Finding:
        """The silences that a store holds, or the finding that they cannot be read."""
        if url not in self._silences:
            self._silences[url] = self._read_silences(url)
        return self._silences[url]

    def _read_silences(self, url: str) -> tuple[Silence, ...] | Finding:
        from gearmang.dead_letters.store.errors import StoreError
        from gearmang.dead_letters.store.tally import silences

        try:
            return silences(url, timeout=self.seconds_left)
        except (StoreError, PermissionError) as error:
            return Finding(Ok, f"nothing is silent, as {error}")

    def _tally(self, url: str, window: float) -> Tally | Finding:
        from gearmang.dead_letters.store.errors import StoreError
        from gearmang.dead_letters.store.tally import tally
        from nagios_checks.permission import refused

        try:
            return tally(url, since=self.now - window, timeout=self.seconds_left)
        except (StoreError, PermissionError) as error:
            # SQLite does not say why it "cannot open" a file. An address that is no path exists
            # nowhere, so nothing of it is shown.
            closed = refused(url.partition(":///")[2] or url)
            return Finding(Critical, f"the store {closed}" if closed else str(error))

    def _read_records(self, path: str, window: float) -> dict[str, TaskFigures] | Finding:
        from nagios_checks.task_records import UnreadableRecords, figures

        try:
            return figures(path, since=self.now - window, deadline=self.deadline)
        except UnreadableRecords as error:
            return Finding(Critical, str(error))

    def _roll_up(self, path: str, file: str, within: float) -> RolledUp | Finding:
        from gearmang.records.rollup import OutOfTime, rolled_up
        from nagios_checks.task_records import UnreadableRecords, readable

        try:
            with readable(path):
                # Some time is left to keep what was read.
                until = self.deadline - 0.2 * self.seconds_left
                return rolled_up(file, [path], within, self.now, until)
        except OutOfTime as error:
            return Finding(self.timeout.state, str(error), weight=float("inf"), read=False)
        except UnreadableRecords as error:
            return Finding(Critical, str(error))


def targets(chosen: Chosen) -> list[Target]:
    """The servers of the options with their TLS settings.

    Raises:
        BadServer: one is no address.
    """
    tls = None
    if chosen.ca or chosen.cert or chosen.key:
        tls = Tls(ca=chosen.ca, cert=chosen.cert, key=chosen.key)
    return [Target(server, tls) for server in servers(chosen)]
