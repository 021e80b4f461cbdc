"""Judging several servers: one that cannot be read is CRITICAL and hides nothing of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from nagiosplugin.state import ServiceState, Unknown

from gearmang.watch.poll import Snapshot
from nagios_checks import wording
from nagios_checks.report import Finding
from nagios_checks.selection import Judged
from nagios_checks.sources import Answer, Sources


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


def survey(
    answers: Iterable[Answer],
    sources: Sources,
    judge: Callable[[Snapshot], Iterable[Finding]],
) -> Survey:
    """Judge each server that answered, and count each that did not as failed."""
    snapshots: list[Snapshot] = []
    failed: list[Finding] = []
    found: list[Finding] = []
    lines: list[str] = []
    for answer in answers:
        if isinstance(answer, Snapshot):
            snapshots.append(answer)
            server = str(answer.server)
            found += [finding._replace(server=server) for finding in judge(answer)]
            lines.append(_described(answer))
        else:
            failed.append(sources.failure(answer))
            lines.append(f"failed: {answer}")
    where = ", ".join(str(snapshot.server) for snapshot in snapshots)
    return Survey(snapshots, failed + found, where, tuple(lines))


def unmatched(
    functions: Judged, state: ServiceState = Unknown, what: str = "function"
) -> list[Finding]:
    """A glob that fits no function judges nothing: misspelled, or the function is gone."""
    return [
        Finding(state, f"no {what} matches {wording.shown(glob)}") for glob in functions.unmatched()
    ]


def _described(snapshot: Snapshot) -> str:
    return (
        f"{snapshot.server}: gearmand {wording.shown(snapshot.version)}, pid {snapshot.pid}, "
        f"answered in {snapshot.reply_seconds * 1000:.1f} ms, "
        f"{wording.plural(len(snapshot.functions), 'function')}, "
        f"{wording.plural(len(snapshot.connections), 'connection')}"
    )
