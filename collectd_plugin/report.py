"""What one poll of one server is worth to collectd: columns of values, each of a standard type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from operator import attrgetter, sub
from typing import NamedTuple

from collectd_plugin.movement import Movement
from collectd_plugin.names import OTHER, TOTAL, Names, SeriesNames
from collectd_plugin.selection import Reported
from gearmang.dead_letters.store.tally import Tally
from gearmang.protocol.entries import PriorityStatus
from gearmang.watch.fleet import Fleet
from gearmang.watch.poll import Snapshot


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
    selection: Reported, movement: Movement, crew: Fleet | None, series: SeriesNames, now: float
) -> Iterator[Column]:
    """The values of each function, of all together, and of those that are not listed.

    Args:
        now: in seconds since the epoch, for the age of workers.
    """
    listed, gone = selection.listed, movement.vanished
    names, totals, running, workers = zip(*listed) if listed else ((), (), (), ())
    sums = [(TOTAL, selection.total)]
    if selection.rest:
        sums.append((OTHER, selection.other))
    for kind, numbers, field in (
        ("queue_length", map(sub, totals, running), "waiting"),
        ("requests", running, "running"),
        ("threads", workers, "workers"),
    ):
        of_sum = attrgetter(field)
        yield Column(kind, zip(series.plain.of(names), numbers))
        yield Column(kind, [(name, of_sum(one)) for name, one in sums])
        yield Column(kind, [(name, 0) for name in series.plain.of(gone)])
    stalled = map(movement.stalled.__contains__, names)
    yield Column("gauge", zip(series.stalled.of(names), stalled))
    yield Column("gauge", [(name, 0) for name in series.stalled.of(gone)])
    yield Column("gauge", [(f"stalled-{TOTAL}", len(movement.stalled))])
    busy = series.busy
    yield Column("gauge", [(busy[one[0]], one[2] / one[3]) for one in listed if one[3]])
    yield Column(
        "gauge", [(f"busy-{name}", one.running / one.workers) for name, one in sums if one.workers]
    )
    rates = movement.rates
    submitted, drained = zip(*rates.values()) if rates else ((), ())
    yield Column("operations_per_second", zip(series.submitted.of(rates), submitted))
    yield Column("operations_per_second", zip(series.drained.of(rates), drained))
    if crew is not None:
        sizes = {name: one.size for name, one in crew.crews.items()}
        counted = map(sizes.get, names, repeat(0))
        yield Column("count", zip(series.workers.of(names), counted))
        yield Column("count", [(name, 0) for name in series.workers.of(gone)])
        crews = [(series.oldest[name], crew.crews[name]) for name in names if name in sizes]
        yield Column("duration", [(name, one.age(now)) for name, one in crews])


def of_priorities(
    priorities: Sequence[PriorityStatus],
    selection: Reported,
    movement: Movement,
    series: SeriesNames,
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
