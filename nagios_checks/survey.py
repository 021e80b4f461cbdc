"""Judging several servers: one that cannot be read is CRITICAL and hides nothing of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import add
from typing import NamedTuple

from nagiosplugin.state import ServiceState, Unknown

from gearmang.protocol import FunctionStatus
from gearmang.watch.poll import Snapshot
from nagios_checks import phrasing
from nagios_checks.findings import Finding
from nagios_checks.readings import Answer, Readings
from nagios_checks.rules import FunctionRules


class Survey(NamedTuple):
    """What a look at all servers found.

    Attributes:
        snapshots: of the servers that answered.
        findings: of all servers, the failed ones first.
        where: the servers that answered, for the first line.
        diagnostics: a line a server for ``-vvv``.
    """

    snapshots: list[Snapshot]
    findings: list[Finding]
    where: str
    diagnostics: tuple[str, ...]

    @property
    def judged(self) -> int:
        """How many findings are of something that was read."""
        return sum(found.read for found in self.findings)


def survey(
    answers: Iterable[Answer],
    readings: Readings,
    judge: Callable[[Snapshot], Iterable[Finding]],
    *,
    summed: bool = False,
) -> Survey:
    """Judge each server that answered, and count each that did not as failed.

    Args:
        answers: of the servers.
        readings: they say what a server that failed is.
        judge: finds what is to be found in one answer.
        summed: judge once what all that answered have together.
    """
    snapshots: list[Snapshot] = []
    failed: list[Finding] = []
    found: list[Finding] = []
    lines: list[str] = []
    for answer in answers:
        if isinstance(answer, Snapshot):
            snapshots.append(answer)
            if not summed:
                server = str(answer.server)
                found += [finding._replace(server=server) for finding in judge(answer)]
            lines.append(_described(answer))
        else:
            failed.append(readings.failure(answer))
            lines.append(f"failed: {answer}")
    if summed and snapshots:
        found += judge(together(snapshots))
    where = ", ".join(str(snapshot.server) for snapshot in snapshots)
    return Survey(snapshots, failed + found, where, tuple(lines))


def together(snapshots: Sequence[Snapshot]) -> Snapshot:
    """Several servers as one: their functions' figures summed, their connections side by side."""
    sums: dict[str, FunctionStatus] = {}
    for snapshot in snapshots:
        for name, *figures in snapshot.functions:
            before = sums.get(name, FunctionStatus(name, 0, 0, 0))
            sums[name] = FunctionStatus(name, *map(add, before[1:], figures))
    connections = tuple(one for snapshot in snapshots for one in snapshot.connections)
    return snapshots[0]._replace(functions=tuple(sums.values()), connections=connections)


def unmatched(
    functions: FunctionRules, state: ServiceState = Unknown, what: str = "function"
) -> list[Finding]:
    """A glob that fits no function judges nothing: misspelled, or the function is gone."""
    return [
        Finding(state, f"no {what} matches {phrasing.shown(glob)}")
        for glob in functions.unmatched()
    ]


def _described(snapshot: Snapshot) -> str:
    return (
        f"{snapshot.server}: {phrasing.shown(snapshot.make)}, "
        + ("" if snapshot.pid is None else f"pid {snapshot.pid}, ")
        + (f"answers no {', no '.join(snapshot.unanswered)}, " if snapshot.unanswered else "")
        + f"answered in {snapshot.reply_seconds * 1000:.1f} ms, "
        f"{phrasing.plural(len(snapshot.functions), 'function')}, "
        f"{phrasing.plural(len(snapshot.connections), 'connection')}"
    )
