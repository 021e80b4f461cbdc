"""Does a queue move? A verdict for each function from the polls of a window, without thresholds.

The rules are those of docs/movement.md, after Burrow's evaluation of consumer lag; unlike Burrow,
a window that is not whole is `UNKNOWN`, never good news. Pure: times are passed in, what is
remembered is a value that JSON can carry (`gearmang.watch.remembering` keeps it in a file).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gearmang.protocol.entries import FunctionStatus
from gearmang.protocol.exchange import without_collection
from gearmang.watch.evidence import Numbers, Witness, ended, restarted, witness

DEFAULT_WINDOW = 600.0  # seconds
MOST_STEPS = 32  # of one function that are remembered; more are joined
MOST_WAITING = 20_000  # functions with waiting jobs of one server that are remembered
LEAST_STEPS = 2  # between polls of a window that is whole
LONGEST_GAP = 0.6  # of the window, between two polls
TOLERANCE = 0.9  # of the window: timers are not exact

EMPTY: Final = "empty"
KEEPING_UP: Final = "keeping up"
DRAINING: Final = "draining"
UNKNOWN: Final = "unknown"
GROWING: Final = "growing"
STARVED: Final = "starved"
STUCK: Final = "stuck"
HUNG: Final = "hung"
UNSERVED: Final = "unserved"

# In the order of a figure that grows with the trouble: what is 4 and above is wrong.
VERDICTS: Final = (
    EMPTY, KEEPING_UP, DRAINING, UNKNOWN, GROWING, STARVED, STUCK, HUNG, UNSERVED
)  # fmt: skip
OK: Final = frozenset({EMPTY, KEEPING_UP, DRAINING})
WARNING: Final = frozenset({GROWING, STARVED})
CRITICAL: Final = frozenset({STUCK, HUNG, UNSERVED})


class Flow(NamedTuple):
    """How the queue of one function moves.

    Attributes:
        verdict: one of `VERDICTS`.
        waiting: jobs that wait now.
        rate: waiting jobs more a second, over the window; negative while it falls; None where the
            window is not whole.
        drain: seconds until nothing waits, at this rate; None unless it falls.
        empty_at: when nothing waited last, in seconds since the epoch: what waits came later. None
            where that was not seen.
        span: seconds that the judged polls cover.
    """

    verdict: str
    waiting: int
    rate: float | None = None
    drain: float | None = None
    empty_at: float | None = None
    span: float = 0.0

    @property
    def number(self) -> int:
        """The verdict's place in `VERDICTS`, for a series."""
        return VERDICTS.index(self.verdict)


class Polled(NamedTuple):
    """What one poll showed of one function, against the poll before.

    Attributes:
        at: when, in seconds since the epoch.
        waiting: jobs that wait.
        total: jobs in the queue.
        running: jobs that run.
        workers: that serve it.
        idle: of its workers surely without a job of any function; None where that is not known.
        fell: fewer waited than at the poll before.
        went: a job was started, or ended.
        still: it is proved that no job was started, and that none ended.
    """

    at: float
    waiting: int
    total: int
    running: int
    workers: int
    idle: int | None
    fell: bool = False
    went: bool = False
    still: bool = False


class Course(NamedTuple):
    """What is remembered of a function in which jobs wait.

    Attributes:
        empty_at: when nothing waited last; None where that was not seen.
        steps: of the window, oldest first.
    """

    empty_at: float | None
    steps: tuple[Polled, ...]


class Past(NamedTuple):
    """What is remembered of one server.

    Attributes:
        at: when it was polled last, in seconds since the epoch.
        courses: of the functions in which jobs waited then.
        witnesses: of their jobs, where all of them had keys of ours.
        pid: of the server, where it tells.
        numbers: of all jobs of the server, where they were listed.
    """

    at: float
    courses: Mapping[str, Course]
    witnesses: Mapping[str, Witness] = {}
    pid: int | None = None
    numbers: frozenset[int] | None = None


def follow(
    past: Past | None,
    at: float,
    functions: Iterable[FunctionStatus],
    *,
    window: float = DEFAULT_WINDOW,
    idle: Mapping[str, int] | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
    pid: int | None = None,
    numbers: frozenset[int] | None = None,
) -> Past:
    """Take the next poll of a server.

    Args:
        past: what is remembered; None at first.
        at: when the poll was, in seconds since the epoch.
        functions: that are judged.
        window: seconds over which they are judged.
        idle: function → its workers that surely have no job of any function.
        keys: function → the keys of its jobs, as `gearmang.watch.waits` tells them; without them
            a queue whose figures stand still is `UNKNOWN`: others may have taken their places.
        pid: of the server; another one than before is a restart.
        numbers: of all jobs, as `gearmang.watch.evidence` tells them, where some job has no key
            of ours.
    """
    if past is not None and not past.at < at <= past.at + LONGEST_GAP * window:
        past = None  # a clock that was set, or a gap in which anything may have happened
    if past is not None and (past.pid != pid or restarted(past.numbers or (), numbers or ())):
        past = None
    known_before = past.numbers if past is not None else None
    listed = None
    if known_before is not None and numbers is not None:
        listed = Numbers.between(known_before, numbers)
    courses: dict[str, Course] = {}
    witnesses: dict[str, Witness] = {}
    for name, total, running, workers in functions:
        if total <= running:
            continue  # nothing waits, and what was before is of no more account
        known = None if keys is None else witness(keys.get(name, ()), total)
        if known is not None:
            witnesses[name] = known
        free = None if idle is None else idle.get(name, 0)
        waiting = total - running
        course = past.courses.get(name) if past is not None else None
        if past is None or course is None:
            # At the last poll nothing waited: had it, there would be a course.
            first = Polled(at, waiting, total, running, workers, free)
            courses[name] = Course(past.at if past is not None else None, (first,))
            continue
        before = course.steps[-1]
        over = None
        if keys is not None and name in past.witnesses:
            over = ended(past.witnesses[name], keys.get(name, ()), known)
        fell = waiting < before.waiting
        went = bool(over or running != before.running or total < before.total or fell)
        still = over is False or (listed is not None and listed.none_ended(total - before.total))
        step = Polled(at, waiting, total, running, workers, free, fell, went, still and not went)
        courses[name] = Course(course.empty_at, _within((*course.steps, step), window))
    if len(courses) > MOST_WAITING:
        largest = sorted(courses.items(), key=lambda one: -one[1].steps[-1].waiting)
        courses = dict(largest[:MOST_WAITING])
        witnesses = {name: one for name, one in witnesses.items() if name in courses}
    return Past(at, courses, witnesses, pid, numbers)


def judge(past: Past, window: float = DEFAULT_WINDOW) -> dict[str, Flow]:
    """The verdict on each function in which jobs wait; any other is `EMPTY`."""
    with without_collection():
        return {name: _flow(course, past.at, window) for name, course in past.courses.items()}


def flow_of(flows: Mapping[str, Flow], function: str) -> Flow:
    """The verdict on one function of `judge`."""
    return flows.get(function) or Flow(EMPTY, 0)


def _flow(course: Course, now: float, window: float) -> Flow:
    steps = course.steps
    first, last = steps[0], steps[-1]
    span = now - first.at
    if len(steps) > 1 and not last.workers and not steps[-2].workers:
        return Flow(UNSERVED, last.waiting, empty_at=course.empty_at, span=span)
    if course.empty_at is not None and now - course.empty_at <= window:
        return Flow(KEEPING_UP, last.waiting, empty_at=course.empty_at, span=span)
    if span < TOLERANCE * window or len(steps) <= LEAST_STEPS:
        return Flow(UNKNOWN, last.waiting, empty_at=course.empty_at, span=span)
    rate = (last.waiting - first.waiting) / span
    verdict = _verdict(steps, rate)
    drain = last.waiting / -rate if verdict == DRAINING else None
    return Flow(verdict, last.waiting, rate, drain, course.empty_at, span)


def _verdict(steps: tuple[Polled, ...], rate: float) -> str:
    """Of a whole window in which jobs waited at every poll."""
    since, (before, last) = steps[1:], steps[-2:]
    if not any(step.went for step in since):
        if all(step.still for step in since):
            if not last.workers or not before.workers:
                return UNKNOWN  # workers have just come, or have just gone
            if last.running >= last.workers:
                return HUNG
            if last.idle is None:
                return STUCK if last.running < last.workers else HUNG
            if last.idle and before.idle:
                return STUCK
            return STARVED
        return GROWING if rate > 0 else UNKNOWN
    if rate < 0:
        return DRAINING
    if rate > 0 and (not any(step.fell for step in since) or _rises(steps)):
        return GROWING
    return KEEPING_UP


def _rises(steps: tuple[Polled, ...]) -> bool:
    """Whether in the second half of the window always more waited than ever in the first.

    Where polls are close together a queue that grows is seen to fall by one now and then.
    """
    middle = (steps[0].at + steps[-1].at) / 2
    first = [step.waiting for step in steps if step.at <= middle]
    return min(step.waiting for step in steps[len(first) :]) > max(first)


def _within(steps: tuple[Polled, ...], window: float) -> tuple[Polled, ...]:
    """The steps of the window, and the last one before it; joined where they are too many."""
    start, first = steps[-1].at - window, 0
    while first + 1 < len(steps) and steps[first + 1].at <= start:
        first += 1
    kept = steps[first:]
    if len(kept) <= MOST_STEPS:
        return kept
    # The two nearest neighbours, but for the ends, become one: nothing that was seen is lost.
    at = min(range(1, len(kept) - 2), key=lambda n: kept[n + 1].at - kept[n - 1].at)
    one, two = kept[at], kept[at + 1]
    joined = two._replace(
        fell=one.fell or two.fell, went=one.went or two.went, still=one.still and two.still
    )
    return (*kept[:at], joined, *kept[at + 2 :])
