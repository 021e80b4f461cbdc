"""What one poll of one server is worth to collectd: columns of values, each of a standard type."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from operator import attrgetter, sub
from typing import NamedTuple

from collectd_plugin.movement import Movement
from collectd_plugin.names import OTHER, TOTAL, Names, Series
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
    rows: Iterable[tuple[str, float]]


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
        submitted, drained = movement.server_rate
        rows = [(f"submitted-{TOTAL}", submitted), (f"drained-{TOTAL}", drained)]
        yield Column("operations_per_second", rows)


def of_functions(
    selection: Selection, movement: Movement, crew: Fleet | None, series: Series, now: float
) -> Iterator[Column]:
    """The values of each function, of all together, and of those that are not listed.

    Args:
        now: in seconds since the epoch, for the age of workers.
    """
    listed, gone = selection.listed, movement.vanished
    names, totals, running, workers = zip(*listed, strict=True) if listed else ((), (), (), ())
    sums = [(TOTAL, selection.total)]
    if selection.rest:
        sums.append((OTHER, selection.other))
    for kind, numbers, field in (
        ("queue_length", map(sub, totals, running), "waiting"),
        ("requests", running, "running"),
        ("threads", workers, "workers"),
    ):
        of_sum = attrgetter(field)
        yield Column(kind, zip(series.plain.of(names), numbers, strict=True))
        yield Column(kind, [(name, of_sum(one)) for name, one in sums])
        yield Column(kind, [(name, 0) for name in series.plain.of(gone)])
    stalled = map(movement.stalled.__contains__, names)
    yield Column("gauge", zip(series.stalled.of(names), stalled, strict=True))
    yield Column("gauge", [(name, 0) for name in series.stalled.of(gone)])
    yield Column("gauge", [(f"stalled-{TOTAL}", len(movement.stalled))])
    busy = series.busy
    yield Column("gauge", [(busy[one[0]], one[2] / one[3]) for one in listed if one[3]])
    yield Column(
        "gauge", [(f"busy-{name}", one.running / one.workers) for name, one in sums if one.workers]
    )
    rates = movement.rates
    submitted, drained = zip(*rates.values(), strict=True) if rates else ((), ())
    yield Column("operations_per_second", zip(series.submitted.of(rates), submitted, strict=True))
    yield Column("operations_per_second", zip(series.drained.of(rates), drained, strict=True))
    if crew is not None:
        sizes = {name: one.size for name, one in crew.crews.items()}
        counted = map(sizes.get, names, repeat(0))
        yield Column("count", zip(series.workers.of(names), counted, strict=True))
        yield Column("count", [(name, 0) for name in series.workers.of(gone)])
        crews = [(series.oldest[name], crew.crews[name]) for name in names if name in sizes]
        yield Column("duration", [(name, one.age(now)) for name, one in crews])


def of_priorities(
    priorities: Sequence[PriorityStatus], selection: Selection, movement: Movement, series: Series
) -> Iterator[Column]:
    """Waiting jobs by priority, of each function and of all."""
    known = frozenset(function.name for function in selection.listed)
    listed = [one for one in priorities if one.name in known]
    for kind, names in series.priorities.items():
        count = attrgetter(kind)
        yield Column("pending_operations", [(names[one.name], count(one)) for one in listed])
        yield Column("pending_operations", [(name, 0) for name in names.of(movement.vanished)])
        yield Column("pending_operations", [(f"{kind}-{TOTAL}", sum(map(count, priorities)))])


def of_dead_letters(counted: Tally, names: Names) -> Iterator[Column]:
    """Dead letters that are stored, and that arrived since collectd started."""
    functions = sorted(counted.kept.keys() | counted.arrived.keys())
    for kind, by_function in (("objects", counted.kept), ("count", counted.arrived)):
        rows = [(names[function], by_function.get(function, 0)) for function in functions]
        yield Column(kind, [*rows, (TOTAL, sum(by_function.values()))])
