"""What a check reads, given by the test: servers, a store, records."""

from __future__ import annotations

import time
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from nagiosplugin.state import Critical

from gearmang.protocol import AdminError, FunctionStatus, Peer, TimedOut
from gearmang.protocol.server import Server
from gearmang.watch.poll import Snapshot, Target
from nagios_checks.findings import Report
from nagios_checks.readings import Answer, Readings
from nagios_checks.shared_options import Timeout

NOW = 1_800_000_000.0


def snapshot(
    *functions: tuple[str, int, int, int], host: str = "gm1", peers: tuple[Peer, ...] = ()
) -> Snapshot:
    """A server that knows these functions: name, total, running, workers."""
    known = tuple(FunctionStatus(*one) for one in functions)
    return Snapshot(Server(host), known, peers, "1.1.20", 99, 0.001)


def late(host: str) -> AdminError:
    """A server that gave no answer in time."""
    return TimedOut(Server(host), "gave no answer in time")


class Given(Readings):
    """Readings that were made before.

    Args:
        answers: of the servers, found by their addresses.
        tally: of any store.
        records: of any folder.
        seconds: of the timeout.
    """

    def __init__(
        self, *answers: Answer, tally: Any = None, records: Any = None, seconds: float = 10.0
    ) -> None:
        super().__init__(Timeout(seconds, Critical), time.monotonic())
        self.now = NOW
        self.given = {str(answer.server): answer for answer in answers}
        self.asked: list[dict[str, bool]] = []
        self._given_tally, self._given_records = tally, records

    def poll(self, targets: Iterable[Target], **wanted: bool) -> list[Answer]:
        self.asked.append(wanted)
        return [self.given[str(target.server)] for target in targets]

    def tally(self, store: str | None, window: float) -> Any:
        return self._given_tally

    def records(self, path: str, window: float) -> Any:
        return self._given_records


def judged(check: ModuleType, readings: Readings, *options: str) -> Report:
    """What a check finds with these options."""
    found: Report = check.judge(check.options("check").read(list(options)), readings)
    return found


def states(report: Report) -> list[tuple[str, str]]:
    """State and text of each finding."""
    return [(str(found.state), found.text) for found in report.findings]
