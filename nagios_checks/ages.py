"""How old workers are, as their client ids say, and how their ages are judged."""

from __future__ import annotations

from typing import NamedTuple

from nagiosplugin.state import Ok, ServiceState, Warn

from gearmang.durations import short
from gearmang.protocol import Peer
from gearmang.watch.worker_id import WorkerId
from nagios_checks import phrasing
from nagios_checks.findings import Finding, Measurement
from nagios_checks.thresholds import Limits, severity

CLOCK_SKEW = 300.0  # seconds that a worker may have started in our future


class WorkerAge(NamedTuple):
    """One worker: who it is, and its age in seconds, None where that cannot be told."""

    who: str
    age: float | None


def by_id(connection: Peer, now: float) -> WorkerAge:
    """A worker whose client id says when it started.

    One that starts in the future, by more than clocks may differ, has no age that can be trusted.
    """
    worker = WorkerId.parse(connection.client_id)
    if worker is None or worker.started > now + CLOCK_SKEW:
        return WorkerAge(f"{connection.client_id} at {connection.host}", None)
    return WorkerAge(f"pid {worker.pid} on {worker.host}", worker.age(now))


def judge_workers(
    name: str, workers: list[WorkerAge], limits: Limits, without: ServiceState = Warn
) -> Finding:
    """Judge the workers of one function by the oldest of them.

    Args:
        name: the function.
        workers: its workers.
        limits: for the age of the oldest, in seconds.
        without: the state of ages that cannot be told: behind one may be a worker that hangs.
    """
    aged = [(worker.age, worker.who) for worker in workers if worker.age is not None]
    unreadable = [worker for worker in workers if worker.age is None]
    phrases: list[str] = []
    verdict: ServiceState = Ok
    series: tuple[Measurement, ...] = ()
    oldest = 0.0
    if aged:
        oldest, who = max(aged)
        verdict = limits.judge(oldest)
        broken = limits.broken(oldest)
        limit = f" (limit {phrasing.limit(broken, short)})" if broken is not None else ""
        phrases.append(
            f"oldest worker of {phrasing.shown(name)} is {short(oldest)} old{limit}: "
            f"{phrasing.shown(who)}"
        )
        series = (Measurement(name, int(oldest), "", "s", *limits, additive=False),)
    if unreadable:
        verdict = max(verdict, without, key=severity)
        phrases.append(
            f"{phrasing.plural(len(unreadable), 'worker')} of {phrasing.shown(name)} without "
            f"a readable id: {phrasing.shown(unreadable[0].who)}"
        )
    return Finding(verdict, ", ".join(phrases), weight=oldest, series=series)
