"""What one poll of one server is worth to collectd: columns of values, each of a standard type."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from collectd_plugin.movement import Movement, Rate
from collectd_plugin.names import OTHER, TOTAL, Names
from collectd_plugin.selection import Selection
from gearmang.admin.records import PriorityStatus
from gearmang.dead_letters.tally import Tally
from gearmang.fleet import Fleet
from gearmang.poll import Snapshot


class Column(NamedTuple):
    """Values of one type.

    Attributes:
        type: one of collectd's standard types.
        rows: type_instance and value of each.
    """

    type: str
    rows: Sequence[tuple[str, float]]


def of_server(snapshot: Snapshot, movement: Movement, crew: Fleet | None) -> Iterator[Column]:
    """The values of the server itself."""
    yield Column("response_time", [("status", snapshot.reply_seconds)])
    counts = [("functions", len(snapshot.functions)), ("restarts", movement.restarts)]
    if snapshot.jobs is not None:
        counts.append(("ghosts", sum(job.ghost for job in snapshot.jobs)))
        counts.append(("retried", sum(job.retries > 0 for job in snapshot.jobs)))
    yield Column("count", counts)
    if crew is not None:
        yield Column(
            "current_connections",
            [
                ("workers", crew.workers),
                ("clients", crew.clients),
                ("unreadable", crew.unreadable),
            ],
        )
    if movement.server_rate is not None:
        yield _rate_column([(TOTAL, movement.server_rate)])


def of_functions(
    selection: Selection, movement: Movement, crew: Fleet | None, names: Names, now: float
) -> Iterator[Column]:
    """The values of each function, of all together, and of those that are not listed.

    Args:
        now: in seconds since the epoch, for the age of workers.
    """
    rows = [
        (names[name], total, running, workers) for name, total, running, workers in selection.listed
    ]
    rows.append((TOTAL, *selection.total[1:]))
    if selection.rest:
        rows.append((OTHER, *selection.other[1:]))
    gone = [(names[name], 0) for name in movement.vanished]
    yield Column("queue_length", [(name, total - running) for name, total, running, _ in rows])
    yield Column("requests", [(name, running) for name, _, running, _ in rows])
    yield Column("threads", [(name, workers) for name, _, _, workers in rows])
    for kind in ("queue_length", "requests", "threads") if gone else ():
        yield Column(kind, gone)
    stalled = movement.stalled
    gauges = [(f"busy-{name}", running / workers) for name, _, running, workers in rows if workers]
    gauges += [
        (f"stalled-{names[function.name]}", function.name in stalled)
        for function in selection.listed
    ]
    gauges += [(f"stalled-{name}", 0) for name, _ in gone]
    gauges.append((f"stalled-{TOTAL}", len(stalled)))
    yield Column("gauge", gauges)
    if movement.rates:
        yield _rate_column((names[name], rate) for name, rate in movement.rates.items())
    if crew is not None:
        listed = {function.name for function in selection.listed}
        crews = [(names[name], one) for name, one in crew.crews.items() if name in listed]
        yield Column("count", [(f"workers-{name}", one.size) for name, one in crews])
        yield Column("duration", [(f"oldest_worker-{name}", one.age(now)) for name, one in crews])


def of_priorities(
    priorities: Iterable[PriorityStatus], selection: Selection, names: Names
) -> Column:
    """Waiting jobs by priority, of each function and of all."""
    listed = {function.name for function in selection.listed}
    rows: list[tuple[str, float]] = []
    sums = [0, 0, 0]
    for name, high, normal, low, _ in priorities:
        if name in listed:
            shown = names[name]
            rows += [(f"high-{shown}", high), (f"normal-{shown}", normal), (f"low-{shown}", low)]
        sums = [sums[0] + high, sums[1] + normal, sums[2] + low]
    rows += [(f"high-{TOTAL}", sums[0]), (f"normal-{TOTAL}", sums[1]), (f"low-{TOTAL}", sums[2])]
    return Column("pending_operations", rows)


def of_dead_letters(counted: Tally, names: Names) -> Iterator[Column]:
    """Dead letters that are stored, and that arrived since collectd started."""
    for kind, by_function in (("objects", counted.kept), ("count", counted.arrived)):
        rows = [(names[function], number) for function, number in by_function.items()]
        yield Column(kind, [*rows, (TOTAL, sum(by_function.values()))])


def _rate_column(rates: Iterable[tuple[str, Rate]]) -> Column:
    rows = [
        row
        for name, rate in rates
        for row in ((f"submitted-{name}", rate.submitted), (f"drained-{name}", rate.drained))
    ]
    return Column("operations_per_second", rows)
