"""check_gearmang_flow: queues that are stuck, hang, grow or drain slowly; jobs that wait long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from nagiosplugin.state import Critical, Ok, ServiceState, Unknown, Warn

from gearmang.durations import seconds, short
from gearmang.protocol import FunctionStatus
from gearmang.watch import movement
from gearmang.watch.fleet import staff
from gearmang.watch.movement import DEFAULT_WINDOW, Flow, Past
from gearmang.watch.poll import Snapshot
from gearmang.watch.remembering import CannotRemember, remembered
from nagios_checks import phrasing
from nagios_checks.arguments import Parser
from nagios_checks.findings import Finding, Measurement, Report
from nagios_checks.readings import Readings, targets
from nagios_checks.rules import FunctionRules
from nagios_checks.shared_options import Chosen, Option, missing
from nagios_checks.survey import survey, unmatched
from nagios_checks.thresholds import Limits, duration_range, pair, severity

if TYPE_CHECKING:
    from gearmang.watch.waits import Queueing

DEFAULT_STATE = "/var/lib/gearmang/checks/flow.json"
FORGET_AFTER = 86_400.0  # seconds without a look at a server

# What it asks of every server, beyond the functions.
NEEDS: tuple[str, ...] | None = ("workers", "keys")

_NOT_HERE = ("-w", "-c")
_SAYS = {
    movement.EMPTY: "is empty",
    movement.KEEPING_UP: "keeps up",
    movement.DRAINING: "is draining",
    movement.GROWING: "grows",
    movement.STARVED: "is starved: nothing moves, its workers are busy with other functions",
    movement.STUCK: "is stuck: nothing moves, and workers are idle",
    movement.HUNG: "hangs: all workers are busy, and no job ends",
    movement.UNSERVED: "is unserved: no workers",
}


class Clocks(NamedTuple):
    """The limits of one function, for times in seconds.

    Attributes:
        age: of the oldest job that waits.
        running: of the oldest job that runs.
        drain: until nothing waits any more.
    """

    age: Limits
    running: Limits
    drain: Limits


def options(name: str) -> Parser:
    """The options of this check."""
    return Parser(
        name,
        "Alerts on queues that do not move, without thresholds: CRITICAL where jobs wait and "
        "nothing moves (stuck), no running job ends (hung) or nobody works (unserved), WARNING "
        "where a queue grows for the whole window or its workers are busy with other functions. "
        "A window that is not whole yet is UNKNOWN where jobs have waited in all of it.\n"
        "--function GLOB=WARN,CRIT gives limits for the age of the oldest waiting job.",
        "-H gm1 --age 5m,30m --running 1h,6h --drain ,4h",
        duration_range,
        (
            _clock("--age", "the time that the oldest waiting job has waited"),
            _clock("--running", "the time that the oldest running job has run"),
            _clock("--drain", "the time until nothing waits, where a queue drains"),
            Option(
                "--window",
                "DURATION",
                f"the time over which movement is judged ({short(DEFAULT_WINDOW)}); the check has "
                "to run at least twice in it",
                seconds,
                DEFAULT_WINDOW,
            ),
            Option(
                "--state",
                "FILE",
                f"what was seen before, kept from run to run ({DEFAULT_STATE})",
                default=DEFAULT_STATE,
            ),
            missing(Unknown),
        ),
        without=_NOT_HERE,
    )


def judge(chosen: Chosen, readings: Readings) -> Report:
    """Judge every selected function on every server."""
    functions = FunctionRules(chosen.function, chosen.exclude, chosen.age)
    answers = readings.poll(targets(chosen), workers=True, keys=True)
    snapshots = [answer for answer in answers if isinstance(answer, Snapshot)]
    try:
        pasts = followed(chosen, readings, snapshots)
    except CannotRemember as error:
        return Report([Finding(Critical, f"{error}, see --state")], "")

    def judge_server(snapshot: Snapshot) -> Iterator[Finding]:
        flows = movement.judge(pasts[str(snapshot.server)], chosen.window)
        waits, running = _times(snapshot, readings.now)
        for status, age in functions.among(snapshot.functions):
            yield judge_flow(
                status,
                movement.flow_of(flows, status.name),
                waits.get(status.name),
                running.get(status.name),
                Clocks(age, chosen.running, chosen.drain),
                readings.now,
                chosen.window,
            )

    seen = survey(answers, readings, judge_server)
    findings = seen.findings + (unmatched(functions, chosen.missing) if seen.snapshots else [])
    if not findings and not any(snapshot.functions for snapshot in seen.snapshots):
        findings = [Finding(Ok, "no function is known")]
    fine = f"{phrasing.plural(seen.judged, 'queue')} empty or moving on {seen.where}"
    return Report(findings, fine, seen.diagnostics)


def followed(chosen: Chosen, readings: Readings, snapshots: Iterable[Snapshot]) -> dict[str, Past]:
    """Server → what is known of it with this look, which is kept for the next run.

    Several services of one run share the file and the look; a server that was restarted begins
    anew, and one window knows nothing of another's.

    Raises:
        CannotRemember: the file cannot be used.
    """
    known = readings.followed.setdefault((chosen.state, chosen.window), {})
    new = [snapshot for snapshot in snapshots if str(snapshot.server) not in known]
    if not new:
        return known
    with remembered(chosen.state, readings.deadline) as pasts:
        for snapshot in new:
            server = str(snapshot.server)
            name = f"{server} {snapshot.pid or 0} {chosen.window:g}"
            known[server] = pasts[name] = movement.follow(
                pasts.get(name),
                readings.now,
                snapshot.functions,
                window=chosen.window,
                idle=_idle(snapshot) if snapshot.tells_workers else None,
                keys=_keys(snapshot),
                numbers=snapshot.numbers,
            )
        for name in [one for one, past in pasts.items() if past.at < readings.now - FORGET_AFTER]:
            del pasts[name]
    return known


def judge_flow(
    status: FunctionStatus,
    flow: Flow,
    queueing: Queueing | None,
    running: float | None,
    limits: Clocks,
    now: float,
    window: float = DEFAULT_WINDOW,
) -> Finding:
    """Judge one function.

    Args:
        status: its figures.
        flow: how it moves.
        queueing: what the keys of its jobs say; None where nothing waits.
        running: seconds that its oldest running job has run; None where no worker says so.
        limits: for its times.
        now: in seconds since the epoch.
        window: seconds over which it is judged.
    """
    verdict = state_of(flow)
    phrases = [_told(status, flow, window)]
    series = [
        Measurement(status.name, status.waiting),
        Measurement(status.name, flow.number, "flow", additive=False),
    ]
    age, age_state = judge_age(flow, queueing, limits.age, now)
    verdict = max(verdict, age_state, key=severity)
    if age is not None:
        share = queueing.share if queueing else 1.0
        of = "" if share >= 1 else f" by {100 * share:.0f}% of its jobs"
        phrases += _beyond(f"its oldest job has waited {short(age)}{of}", age, limits.age)
        series.append(_time(status.name, age, "age", limits.age))
    elif age_state != Ok:
        phrases.append("its jobs do not tell since when they wait")
    for value, kept, what, says in (
        (running, limits.running, "running", "its oldest running job has run"),
        (flow.drain, limits.drain, "drain", "it needs to drain"),
    ):
        if value is not None:
            verdict = max(verdict, kept.judge(value), key=severity)
            phrases += _beyond(f"{says} {short(value)}", value, kept)
            series.append(_time(status.name, value, what, kept))
    return Finding(verdict, ", ".join(phrases), weight=status.waiting, series=tuple(series))


def state_of(flow: Flow) -> ServiceState:
    """A verdict of movement as a state; one that could not be reached is never OK."""
    if flow.verdict in movement.CRITICAL:
        return Critical
    if flow.verdict in movement.WARNING:
        return Warn
    return Ok if flow.verdict in movement.OK else Unknown


def judge_age(
    flow: Flow, queueing: Queueing | None, limits: Limits, now: float
) -> tuple[float | None, ServiceState]:
    """The age in seconds of the oldest waiting job, as far as it is told, and its verdict.

    Where not all jobs tell, an older one may wait; that the queue was empty a while ago bounds it.
    """
    if queueing is None or (queueing.timed >= queueing.total and queueing.since is None):
        return None, Ok  # nothing waits, or only for times to come
    age = queueing.age(now)
    told = limits.judge(age or 0.0)
    if queueing.exact or told != Ok or limits == Limits():
        return age, told
    bounded = flow.empty_at is not None and limits.judge(now - flow.empty_at) == Ok
    return age, Ok if bounded else Unknown


def _times(snapshot: Snapshot, now: float) -> tuple[dict[str, Queueing], dict[str, float]]:
    """Function → what its waiting jobs tell, and the age of its oldest running job."""
    if not any(status.total for status in snapshot.functions):
        return {}, {}
    from gearmang.watch.waits import oldest_running, oldest_waiting  # late: no digests without jobs

    waits = oldest_waiting(snapshot.functions, _keys(snapshot) or {}, now)
    return waits, oldest_running(snapshot.connections, now)


def _keys(snapshot: Snapshot) -> Mapping[str, Sequence[str]] | None:
    """Function → the keys of its jobs; None where they are not listed."""
    if not snapshot.keys:
        return None if snapshot.keys is None else {}
    from gearmang.watch.waits import keys_by_function

    return keys_by_function(snapshot.keys, snapshot.functions)


def _idle(snapshot: Snapshot) -> Mapping[str, int]:
    found = staff(snapshot.functions, snapshot.connections)
    return {name: one.idle for name, one in found.items()}


def _told(status: FunctionStatus, flow: Flow, window: float) -> str:
    name, waiting = phrasing.shown(status.name), f"{status.waiting} waiting"
    if flow.verdict == movement.EMPTY:
        return f"{name} {_SAYS[flow.verdict]}"
    if flow.verdict == movement.UNKNOWN:
        if flow.span >= movement.TOLERANCE * window:
            return f"{name} has {waiting}, whether it moves is not told by the keys of its jobs"
        watched = f"watched for {short(round(flow.span))} of {short(window)}"
        return f"{name} has {waiting}, whether it moves is not known yet ({watched})"
    text = f"{name} {_SAYS[flow.verdict]}"
    if flow.verdict == movement.GROWING and flow.rate is not None:
        text += f" by {phrasing.number(float(f'{60 * flow.rate:.3g}'))} a minute"
    if flow.drain is not None:
        text += f", empty in {short(round(flow.drain))}"
    return f"{text}, {waiting}"


def _beyond(text: str, value: float, limits: Limits) -> list[str]:
    broken = limits.broken(value)
    return [] if broken is None else [f"{text} (limit {phrasing.limit(broken, short)})"]


def _time(name: str, value: float, quantity: str, limits: Limits) -> Measurement:
    return Measurement(name, value, quantity, "s", limits.warning, limits.critical, additive=False)


def _clock(flag: str, what: str) -> Option:
    return Option(
        flag,
        "RANGE,RANGE",
        f"WARNING and CRITICAL ranges for {what}",
        pair(duration_range),
        Limits(),
    )
