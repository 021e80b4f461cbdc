"""What ``gearmang top`` shows: pure, from what was seen and what the reader has chosen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from gearmang.cli.columns import columns
from gearmang.cli.output import cell, table
from gearmang.cli.top.state import State
from gearmang.dead_letters.store.rows import Cause
from gearmang.dead_letters.store.tally import Tally
from gearmang.durations import short
from gearmang.protocol.errors import AdminError
from gearmang.terminal import clean
from gearmang.watch.movement import CRITICAL, WARNING
from gearmang.watch.overview import Overview, Row
from gearmang.watch.poll import Snapshot
from gearmang.watch.worker_id import WorkerId

_FUNCTION_HEADS = (
    "function", "waiting", "running", "workers", "oldest", "waited", "dead", "moves"
)  # fmt: skip
_WIDE_HEADS = (*_FUNCTION_HEADS[:6], "ran", "a minute", *_FUNCTION_HEADS[6:])
_CAUSE_HEADS = ("newest causes", "last", "letters", "of", "error")
_WORKER_HEADS = ("worker", "age", "from", "serves")
_HELP = "q quit  / filter  j k scroll  sort by a column: w r n a t m f"
_SHARE_OF_FUNCTIONS = 0.6  # of the rows that are left for tables
_MOST_LOST = 3  # lost servers that have a row of their own
_TITLES = 2  # rows: the heads of the two tables
_COLUMNS = 80  # of a screen
_WIDE = 100  # columns of a screen that shows rates and running jobs, too
TALL = 40  # rows of a screen that shows the newest causes, too
MOST_CAUSES = 5
_LONGEST_NAME = 34  # characters of a name on a screen, so that 80 columns hold all of a row
_LONGEST_FUNCTION = 20
_LONGEST_SERVED = 20


class Seen(NamedTuple):
    """One look at everything.

    Attributes:
        overview: of the servers.
        dead: the dead letters, or why they are not known.
        at: when it was, in seconds since the epoch.
        problem: why there was no later look; empty if nothing is wrong.
        causes: of dead letters, the newest first.
    """

    overview: Overview
    dead: Tally | str
    at: float
    problem: str = ""
    causes: tuple[Cause, ...] = ()


class _Worker(NamedTuple):
    client_id: str
    age: float | None
    host: str
    functions: tuple[str, ...]


def lines(seen: Seen) -> Iterator[str]:
    """Everything, as text for a pipe."""
    for text, _ in _head(seen, State()):
        yield clean(text)
    rows = [_function_row(row, seen, wide=True) for row in _functions(seen, State())]
    yield from columns(_WIDE_HEADS, rows, right=8)
    yield ""
    yield from columns(_WORKER_HEADS, map(_worker_row, _workers(seen, State())), right=1)


def view(seen: Seen, state: State, height: int, width: int = _COLUMNS) -> RenderableType:
    """The whole screen.

    Args:
        seen: what there is to show.
        state: the reader's choices.
        height: rows of the screen; a tall one shows the newest causes, too.
        width: columns of the screen; a wide one shows rates and the oldest running jobs, too.
    """
    head = [_line(text, style) for text, style in _head(seen, state)]
    rows, workers = _functions(seen, state), list(_workers(seen, state))
    causes = seen.causes[:MOST_CAUSES] if height >= TALL else ()
    room = max(2, height - len(head) - _TITLES - 1 - (len(causes) + 1 if causes else 0))
    for_functions = max(1, min(len(rows), int(room * _SHARE_OF_FUNCTIONS)), room - len(workers))
    first = min(state.first, max(0, len(rows) - for_functions))
    shown = rows[first : first + for_functions]
    return Group(
        *head,
        _function_table(shown, seen, wide=width >= _WIDE),
        _worker_table(workers[: max(0, room - len(shown))]),
        *([_cause_table(causes, seen.at)] if causes else []),
        _line(_HELP, "dim"),
    )


def _head(seen: Seen, state: State) -> Iterator[tuple[str, str]]:
    """Lines and their styles."""
    sums = [row.sums for row in seen.overview.rows]
    servers = len(seen.overview.answers)
    parts = [
        f"{servers - len(seen.overview.lost)} of {servers} servers",
        f"{sum(one.waiting for one in sums)} waiting",
        f"{sum(one.running for one in sums)} running",
        f"{sum(crew.workers for crew in seen.overview.fleets if crew)} workers",
        f"{len(sums)} functions",
    ]
    if isinstance(seen.dead, Tally):
        parts.insert(1, f"{sum(seen.dead.kept.values())} dead letters")
    line = parts[0]
    for part in parts[1:]:
        if len(line) + len(part) + len(" · ") > _COLUMNS:
            yield line, "bold"
            line = part
        else:
            line = f"{line} · {part}"
    yield line, "bold"
    if seen.problem:
        since = time.strftime("%T", time.localtime(seen.at))
        yield f"not renewed since {since}: {seen.problem}", "red"
    if isinstance(seen.dead, str):
        yield f"dead letters are not known: {seen.dead}", "dim"
    lost = seen.overview.lost
    for error in lost[:_MOST_LOST]:
        yield f"lost: {error}", "red"
    if len(lost) > _MOST_LOST:
        yield f"lost: {len(lost) - _MOST_LOST} more servers", "red"
    if state.typing or state.pattern:
        yield f"filter: {state.pattern}{'_' if state.typing else ''}", "yellow"


def _line(text: str, style: str) -> Text:
    return Text(clean(text), style=style, no_wrap=True, overflow="ellipsis")


_ORDERS: dict[str, Callable[[Row], Any]] = {
    "waiting": lambda row: -row.sums.waiting,
    "running": lambda row: -row.sums.running,
    "workers": lambda row: -row.workers,
    "waited": lambda row: -(row.waited or 0.0),
    "moves": lambda row: -(row.flow.number if row.flow is not None else 0),
    "oldest": lambda row: -(row.oldest_worker or 0.0),
    "function": lambda row: row.sums.name,
}


def _functions(seen: Seen, state: State) -> list[Row]:
    found = [row for row in seen.overview.rows if state.pattern in row.sums.name]
    return sorted(found, key=_ORDERS[state.order])  # stable: ties stay by waiting


def _function_row(row: Row, seen: Seen, *, wide: bool) -> list[object]:
    dead = seen.dead.kept.get(row.sums.name, 0) if isinstance(seen.dead, Tally) else None
    sums = row.sums
    moves = row.flow.verdict if row.flow is not None else "-"
    rate = row.flow.rate if row.flow is not None else None
    more = (short(row.ran), "-" if rate is None else f"{60 * rate:+.3g}")
    waited = row.wait_told if wide else row.wait_told.partition(" ")[0]
    return [
        *(sums.name, sums.waiting, sums.running, row.workers),
        *(short(row.oldest_worker), waited, *(more if wide else ()), dead, moves),
    ]


def _style(row: Row) -> str:
    if row.flow is not None and row.flow.verdict in CRITICAL:
        return "red"
    if row.flow is not None and row.flow.verdict in WARNING:
        return "yellow"
    return "yellow" if row.sums.waiting and not row.sums.workers else ""


def _function_table(rows: list[Row], seen: Seen, *, wide: bool) -> RenderableType:
    heads = _WIDE_HEADS if wide else _FUNCTION_HEADS
    made = table(*heads, right=heads[1:-1])
    for row in rows:
        name, *numbers = _function_row(row, seen, wide=wide)
        style = _style(row)
        made.add_row(
            cell(_cut(name, _LONGEST_FUNCTION)), *(cell(number, style) for number in numbers)
        )
    return made


def _workers(seen: Seen, state: State) -> Iterator[_Worker]:
    """The workers, the oldest first, those without a readable id last."""
    found = []
    for answer in seen.overview.answers:
        if isinstance(answer, AdminError):
            continue
        found += [worker for worker in _workers_of(answer, seen.at) if _serves(worker, state)]
    yield from sorted(found, key=lambda worker: (worker.age is None, -(worker.age or 0.0)))


def _serves(worker: _Worker, state: State) -> bool:
    return any(state.pattern in function for function in worker.functions)


def _workers_of(snapshot: Snapshot, now: float) -> Iterator[_Worker]:
    for connection in snapshot.connections:
        if connection.functions:
            identity = WorkerId.parse(connection.client_id)
            yield _Worker(
                connection.client_id,
                identity.age(now) if identity else None,
                connection.host,
                tuple(dict.fromkeys(connection.functions)),
            )


def _worker_row(worker: _Worker) -> list[object]:
    more = f" +{len(worker.functions) - 1}" if len(worker.functions) > 1 else ""
    return [worker.client_id, short(worker.age), worker.host, worker.functions[0] + more]


def _worker_table(workers: list[_Worker]) -> RenderableType:
    made = table(*_WORKER_HEADS, right=("age",))
    for worker in workers:
        name, age, host, serves = _worker_row(worker)
        made.add_row(
            cell(_cut(name, _LONGEST_NAME)),
            cell(age),
            cell(host),
            cell(_cut(serves, _LONGEST_SERVED)),
        )
    return made


def _cause_table(causes: tuple[Cause, ...], now: float) -> RenderableType:
    made = table(*_CAUSE_HEADS, right=("last", "letters"))
    for cause in causes:
        made.add_row(
            cell(cause.fingerprint),
            cell(short(max(0.0, now - cause.last_seen))),
            cell(cause.dead),
            cell(_cut(cause.function, _LONGEST_FUNCTION)),
            cell(_cut(f"{cause.error_type}: {cause.error_message}", _LONGEST_NAME)),
        )
    return made


def _cut(text: object, longest: int) -> str:
    shown = clean(str(text))
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
