"""What one poll of one server is worth to collectd: columns of values, each of a standard type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import attrgetter, sub
from typing import NamedTuple

from collectd_plugin.memory import Changes
from collectd_plugin.names import OTHER, Names, SeriesNames
from collectd_plugin.selection import Reported
from gearmang.dead_letters.store.tally import Tally
from gearmang.protocol.entries import FunctionStatus, PriorityStatus
from gearmang.watch.fleet import Fleet, Staff
from gearmang.watch.movement import Flow
from gearmang.watch.poll import Snapshot
from gearmang.watch.waits import Queueing


class Column(NamedTuple):
    """Values of one type.

    Attributes:
        type: one of collectd's standard types.
        rows: type_instance and value of each.
    """

    type: str
    rows: Iterable[tuple[str, float]]


def of_server(snapshot: Snapshot, changes: Changes, crew: Fleet | None) -> Iterator[Column]:
    """The values of the server itself."""
    yield Column("response_time", [("status", snapshot.reply_seconds)])
    counts = [("functions", len(snapshot.functions)), ("restarts", changes.restarts)]
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
    if changes.server_rate is not None:
        submitted, drained = changes.server_rate
        yield Column("gauge", [("total-submitted", submitted), ("total-drained", drained)])


def of_functions(
    selection: Reported,
    changes: Changes,
    crew: Fleet | None,
    series: SeriesNames,
    now: float,
    staff: Mapping[str, Staff] | None = None,
) -> Iterator[Column]:
    """The values of each function, of all together, and of those that are not listed.

    Sums over all functions are of another type than their parts, so that summing is right.

    Args:
        now: in seconds since the epoch, for the age of workers.
        staff: the connections that serve each function; None where they are not known.
    """
    listed, gone = selection.listed, changes.vanished
    names, totals, running, workers = zip(*listed) if listed else ((), (), (), ())
    names = series.known(names)
    total, other = selection.total, selection.other
    everyone = total.workers if crew is None or staff is None else crew.workers
    sums = [
        ("total-waiting", total.waiting),
        ("total-running", total.running),
        ("total-registrations", total.workers),
        ("total-stalled", len(changes.stalled)),
    ]
    yield Column("gauge", sums)
    if everyone:
        yield Column("gauge", [("total-busy", min(1.0, total.running / everyone))])
    for kind, numbers, field in (
        ("queue_length", map(sub, totals, running), "waiting"),
        ("requests", running, "running"),
        ("threads", workers, "workers"),
    ):
        yield Column(kind, zip(series.plain.of_all(names), numbers))
        if selection.rest:
            yield Column(kind, [(OTHER, getattr(other, field))])
        yield Column(kind, [(name, 0) for name in series.plain.of(gone)])
    stalled = map(changes.stalled.__contains__, names)
    yield Column("gauge", zip(series.stalled.of_all(names), stalled))
    yield Column("gauge", [(name, 0) for name in series.stalled.of(gone)])
    busy = series.busy.of_all(names)
    if staff is None:  # a worker of several functions is counted for each of them
        ratios = [min(1.0, one[2] / one[3]) if one[3] else None for one in listed]
    else:
        ratios = [None if one is None else one[4] for one in map(staff.get, names)]
    yield Column("gauge", [(name, ratio) for name, ratio in zip(busy, ratios) if ratio is not None])
    rates = changes.rates
    submitted, drained = zip(*rates.values()) if rates else ((), ())
    yield Column("operations_per_second", zip(series.submitted.of(rates), submitted))
    yield Column("operations_per_second", zip(series.drained.of(rates), drained))
    if crew is not None:
        sizes = {name: one.size for name, one in crew.crews.items()}
        # Where no id can be read it is not known how many workers there are, and is not told.
        known = [one[0] for one in listed if one[0] in sizes or not one[3]]
        counted = map(sizes.get, known, repeat(0))
        yield Column("count", zip(series.workers.of(known), counted))
        yield Column("count", [(name, 0) for name in series.workers.of(gone)])
        crews = [(series.oldest[name], crew.crews[name]) for name in names if name in sizes]
        yield Column("duration", [(name, one.age(now)) for name, one in crews])


def of_flows(
    listed: Sequence[FunctionStatus],
    gone: Iterable[str],
    flows: Mapping[str, Flow],
    series: SeriesNames,
) -> Iterator[Column]:
    """The verdict on how each queue moves, as its number; 0 for those that are empty or gone."""
    numbers = {name: flow.number for name, flow in flows.items()}
    names = [function[0] for function in listed]
    yield Column("gauge", zip(series.flow.of(names), map(numbers.get, names, repeat(0))))
    yield Column("gauge", [(name, 0) for name in series.flow.of(gone)])


def of_ages(
    listed: Sequence[FunctionStatus],
    waiting: Mapping[str, Queueing],
    running: Mapping[str, float],
    series: SeriesNames,
    now: float,
) -> Iterator[Column]:
    """Seconds that the oldest job of each function has waited, and has run; absent if unknown.

    Args:
        listed: functions in which jobs wait, or waited at the last read; those are told as 0.
        waiting: their oldest waiting jobs.
        running: ages of the oldest running jobs.
        series: names.
        now: in seconds since the epoch.
    """
    ages = []
    for name, total, at_work, _ in listed:
        if total <= at_work:
            ages.append((series.waiting[name], 0.0))
        elif name in waiting:
            age = waiting[name].age(now)
            if age is not None:
                ages.append((series.waiting[name], age))
    yield Column("duration", ages)
    yield Column("duration", [(series.longest[name], age) for name, age in running.items()])


def of_priorities(
    priorities: Sequence[PriorityStatus],
    selection: Reported,
    changes: Changes,
    series: SeriesNames,
) -> Iterator[Column]:
    """Waiting jobs by priority, of each function and of all."""
    known = frozenset(function.name for function in selection.listed)
    listed = [one for one in priorities if one.name in known]
    for kind, names in series.priorities.items():
        count = attrgetter(kind)
        yield Column("pending_operations", [(names[one.name], count(one)) for one in listed])
        yield Column("pending_operations", [(name, 0) for name in names.of(changes.vanished)])
        yield Column("gauge", [(f"total-{kind}", sum(map(count, priorities)))])


def of_dead_letters(counted: Tally, names: Names) -> Iterator[Column]:
    """Dead letters that are stored, and that arrived since collectd started."""
    functions = sorted(counted.kept.keys() | counted.arrived.keys())
    for kind, word, by_function in (
        ("objects", "kept", counted.kept),
        ("count", "arrived", counted.arrived),
    ):
        yield Column(kind, [(names[one], by_function.get(one, 0)) for one in functions])
        yield Column("gauge", [(f"total-{word}", sum(by_function.values()))])
