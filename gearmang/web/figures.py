"""What /metrics says of a sight: servers, functions, dead letters, the store, the page itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gearmang.dead_letters.arriving.letter import DEAD_FUNCTION
from gearmang.protocol.entries import FunctionStatus
from gearmang.watch.fleet import Fleet
from gearmang.watch.movement import VERDICTS, flow_of
from gearmang.watch.poll import Snapshot
from gearmang.web.attempts_counted import AttemptCounts
from gearmang.web.exposition import END, escaped, family, labelled
from gearmang.web.following import Moves
from gearmang.web.letters_counted import Counted
from gearmang.web.polling import Sight

_PREFIX: Final = "gearmang"


class _Listed(NamedTuple):
    """The functions of one server that are told by name.

    Attributes:
        labels: of each, as they stand in a line.
        rest: how many are left out, and their sums.
    """

    labels: str  # of the server
    moves: Moves
    snapshot: Snapshot
    crew: Fleet
    functions: Sequence[tuple[str, FunctionStatus]]
    rest: Sequence[FunctionStatus]


def metrics(
    sight: Sight | None,
    *,
    most_functions: int,
    has_store: bool,
    attempts: AttemptCounts | None = None,
) -> str:
    """All families of one sight.

    Args:
        most_functions: of one server that are told by name, the longest queues first.
        has_store: whether there is a store to be up or down.
        attempts: what the records tell.
    """
    if sight is None:
        return END
    return "".join(
        (
            *_of_servers(sight),
            *_of_functions(_listed(sight, most_functions), sight.at),
            *_of_letters(sight.letters, has_store),
            *(() if attempts is None else attempts.families()),
            *family(
                f"{_PREFIX}_polled_timestamp_seconds",
                "gauge",
                "When the servers were asked.",
                [f"{_PREFIX}_polled_timestamp_seconds {sight.at:.3f}\n"],
            ),
            END,
        )
    )


def of_one(sight: Sight, *, most_functions: int) -> str:
    """The families of the servers alone, for /probe."""
    return "".join(
        (*_of_servers(sight), *_of_functions(_listed(sight, most_functions), sight.at), END)
    )


def _listed(sight: Sight, most: int) -> list[_Listed]:
    found = []
    for answer, crew, moves in zip(sight.seen.answers, sight.seen.fleets, sight.moves, strict=True):
        if not isinstance(answer, Snapshot) or crew is None or moves is None:
            continue
        server = escaped(str(answer.server))
        by_label: dict[str, FunctionStatus] = {}
        functions = sorted(answer.functions, key=lambda one: (-one.total, one.name))
        for one in functions[:most]:
            # Two names that differ in bytes that are no UTF-8 could become one series.
            by_label.setdefault(f'{{server="{server}",function="{escaped(one.name)}"', one)
        labels, rest = labelled(server=str(answer.server)), functions[most:]
        found.append(_Listed(labels, moves, answer, crew, [*by_label.items()], rest))
    return found


def _of_servers(sight: Sight) -> Iterator[str]:
    names = [labelled(server=_name(answer)) for answer in sight.seen.answers]
    answers = [
        (label, answer, crew)
        for label, answer, crew in zip(names, sight.seen.answers, sight.seen.fleets, strict=True)
        if isinstance(answer, Snapshot) and crew is not None
    ]

    def gauge(name: str, told: str, values: Iterable[tuple[str, float]]) -> Iterator[str]:
        whole = f"{_PREFIX}_server_{name}"
        lines = (f"{whole}{label} {_number(value)}\n" for label, value in values)
        return family(whole, "gauge", told, lines)

    up = (
        (label, float(isinstance(answer, Snapshot)))
        for label, answer in zip(names, sight.seen.answers, strict=True)
    )
    yield from gauge("up", "1 where the gearmand answered, 0 where it is lost.", up)
    yield from gauge(
        "reply_seconds",
        "From the start of the connection to the last byte of the answer.",
        ((label, answer.reply_seconds) for label, answer, _ in answers),
    )
    yield from gauge(
        "functions",
        "Functions that it knows.",
        ((label, len(answer.functions)) for label, answer, _ in answers),
    )
    yield from gauge(
        "workers",
        "Connections that serve a function.",
        ((label, crew.workers) for label, _, crew in answers),
    )
    yield from gauge(
        "clients",
        "Connections that serve none.",
        ((label, crew.clients) for label, _, crew in answers),
    )
    yield from gauge(
        "collectors",
        "Collectors of dead letters that are connected.",
        (
            (label, sum(one.workers for one in answer.functions if one.name == DEAD_FUNCTION))
            for label, answer, _ in answers
        ),
    )
    versions = (
        f'{_PREFIX}_server_info{label[:-1]},version="{escaped(answer.version or "")}"}} 1\n'
        for label, answer, _ in answers
    )
    yield from family(f"{_PREFIX}_server", "info", "Which gearmand it is.", versions)


def _of_functions(servers: Sequence[_Listed], now: float) -> Iterator[str]:
    def gauge(name: str, told: str, values: Iterable[tuple[str, float]]) -> Iterator[str]:
        whole = f"{_PREFIX}_function_{name}"
        lines = (f"{whole}{label}}} {_number(value)}\n" for label, value in values)
        return family(whole, "gauge", told, lines)

    every = [pair for server in servers for pair in server.functions]
    yield from gauge(
        "waiting", "Jobs that no worker has yet.", ((label, one.waiting) for label, one in every)
    )
    yield from gauge(
        "running", "Jobs that a worker has now.", ((label, one.running) for label, one in every)
    )
    yield from gauge(
        "workers",
        "Registered workers, busy ones included.",
        ((label, one.workers) for label, one in every),
    )
    yield from gauge(
        "busy_ratio",
        "Running jobs for each worker, where there are workers.",
        ((label, one.running / one.workers) for label, one in every if one.workers),
    )
    yield from gauge("priority_waiting", "Waiting jobs by priority.", _priorities(servers))
    yield from gauge(
        "oldest_worker_seconds",
        "Age of the oldest worker whose id tells it.",
        (
            (label, server.crew.crews[one.name].age(now))
            for server in servers
            for label, one in server.functions
            if one.name in server.crew.crews
        ),
    )
    yield from gauge(
        "oldest_waiting_seconds",
        "How long the oldest waiting job has waited, where jobs say since when.",
        (
            (label, age)
            for server in servers
            for label, one in server.functions
            if one.name in server.moves.waits
            and (age := server.moves.waits[one.name].age(now)) is not None
        ),
    )
    yield from gauge(
        "oldest_running_seconds",
        "How long the oldest running job has run, where a worker says so.",
        (
            (label, server.moves.runs[one.name])
            for server in servers
            for label, one in server.functions
            if one.name in server.moves.runs
        ),
    )
    whole = f"{_PREFIX}_function_verdict"
    told = "Whether the queue moves: one state is 1."
    yield from family(whole, "stateset", told, _verdicts(whole, servers))
    yield from _of_unlisted(servers)


def _verdicts(whole: str, servers: Sequence[_Listed]) -> Iterator[str]:
    ends = [f',{whole}="{state}"}} ' for state in VERDICTS]
    for server in servers:
        for label, one in server.functions:
            verdict = flow_of(server.moves.flows, one.name).verdict
            yield "".join(
                [
                    f"{whole}{label}{end}{int(state == verdict)}\n"
                    for state, end in zip(VERDICTS, ends, strict=True)
                ]
            )


def _priorities(servers: Sequence[_Listed]) -> Iterator[tuple[str, float]]:
    for server in servers:
        known = {one.name: one for one in server.snapshot.priorities or ()}
        for label, one in server.functions:
            if (counts := known.get(one.name)) is not None:
                for kind in ("high", "normal", "low"):
                    yield f'{label},priority="{kind}"', getattr(counts, kind)


def _of_unlisted(servers: Sequence[_Listed]) -> Iterator[str]:
    """What the cap leaves out, as sums."""
    for name, told, value in (
        ("functions", "Functions beyond the cap, which are not listed.", len),
        ("waiting", "Waiting jobs of functions beyond the cap.", _waiting),
    ):
        whole = f"{_PREFIX}_unlisted_{name}"
        lines = (
            f"{whole}{server.labels} {value(server.rest)}\n" for server in servers if server.rest
        )
        yield from family(whole, "gauge", told, lines)


def _of_letters(letters: Counted | None, has_store: bool) -> Iterator[str]:
    if not has_store:
        return
    up = f"{_PREFIX}_store_up"
    told = "1 where the store of dead letters answered, 0 where it did not."
    yield from family(up, "gauge", told, [f"{up} {int(letters is not None)}\n"])
    if letters is None:
        return
    whole = f"{_PREFIX}_dead_letters"
    lines = (
        f"{whole}{labelled(function=function, state=state)} {count}\n"
        for function, states in sorted(letters.by_function.items())
        for state, count in states.items()
    )
    yield from family(whole, "gauge", "Letters by what has become of them.", lines)
    causes = f"{_PREFIX}_causes"
    lines = (
        f"{causes}{labelled(state=state)} {letters.causes.get(state, 0)}\n"
        for state in ("new", "known", "resolved", "reopened")
    )
    yield from family(causes, "gauge", "Causes that have dead letters, by their state.", lines)
    arrived = f"{_PREFIX}_dead_letters_arrived_hour"
    told = "Letters that were stored within the last hour, whatever became of them."
    yield from family(arrived, "gauge", told, [f"{arrived} {letters.arrived_hour}\n"])


def _waiting(functions: Sequence[FunctionStatus]) -> int:
    return sum(one.waiting for one in functions)


def _name(answer: object) -> str:
    return str(answer.server)  # type: ignore[attr-defined] # a Snapshot's, or an AdminError's


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else "NaN" if math.isnan(value) else f"{value:.6g}"
