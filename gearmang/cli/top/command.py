"""The command: look in one thread, draw and listen to keys in the other."""

from __future__ import annotations

import sys
import threading
import time

import click

from gearmang.cli.options import servers_option, store_option
from gearmang.cli.times import Span
from gearmang.cli.tls import tls_options
from gearmang.cli.top.state import State
from gearmang.cli.top.view import MOST_CAUSES, TALL, Seen, lines, view
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.rows import Cause
from gearmang.dead_letters.store.tally import Tally, tally
from gearmang.errors import GearmangError
from gearmang.protocol.server import Server
from gearmang.watch.course import continued
from gearmang.watch.movement import DEFAULT_WINDOW, Flow, Past, judge
from gearmang.watch.overview import overview
from gearmang.watch.poll import Snapshot, poll

DEFAULT_INTERVAL = 1.0  # seconds
DEFAULT_TIMEOUT = 2.0  # seconds
REDRAW = 0.2  # seconds between two looks at what was seen


@click.command(epilog="Example: gearmang top --server gm1:4730 --server gm2:4730")
@servers_option
@tls_options
@store_option
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=DEFAULT_INTERVAL,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option(
    "--window",
    type=Span(),
    default="1m",
    show_default=True,
    help="The time over which it is judged how queues move.",
)
@click.option("--once", is_flag=True, help="Print one look in full and end, as into a pipe.")
def top(
    servers: tuple[Server, ...], store: str, interval: float, window: float, once: bool
) -> None:
    """Watch functions, workers and dead letters.

    Functions are sorted by waiting jobs, workers by age; q quits, / filters, the last line names
    the other keys. A server that is lost is shown as lost. Into a pipe it prints one look.
    """
    if once or not sys.stdout.isatty():
        seen = look(servers, store)
        click.echo("\n".join(lines(seen)))
        if seen.overview.lost:
            raise click.exceptions.Exit(1)
        return
    if not sys.stdin.isatty():
        raise GearmangError("top listens to keys and its input is no terminal; use --once")
    _watch(servers, store, interval, window)


def look(
    servers: tuple[Server, ...],
    store: str,
    pasts: dict[Server, Past] | None = None,
    window: float = DEFAULT_WINDOW,
    *,
    causes: int = 0,
) -> Seen:
    """Everything, once.

    Args:
        servers: whom to ask.
        store: of dead letters.
        pasts: what is remembered of each server, taken on by this look; None judges no movement.
        window: seconds over which it is judged.
        causes: how many of the newest causes are looked up.
    """
    answers = poll(servers, timeout=DEFAULT_TIMEOUT, keys=True)
    now = time.time()
    flows: list[dict[str, Flow] | None] = []
    if pasts is not None:
        for server, answer in zip(servers, answers, strict=True):
            if isinstance(answer, Snapshot):
                pasts[server] = continued(pasts.get(server), answer, now, window=window)
                flows.append(judge(pasts[server], window))
            else:
                flows.append(None)
    dead: Tally | str
    found: tuple[Cause, ...] = ()
    try:
        dead = tally(store, since=now, timeout=DEFAULT_TIMEOUT)
        found = _newest(store, causes) if causes else ()
    except StoreError as error:
        dead = str(error)
    return Seen(overview(answers, now, flows), dead, now, causes=found)


def _newest(store: str, most: int) -> tuple[Cause, ...]:
    from gearmang.dead_letters.looking.causes import newest
    from gearmang.dead_letters.store.seam import Store

    with Store(store, timeout=DEFAULT_TIMEOUT) as opened, opened.reading() as connection:
        return tuple(newest(connection, most))


class _Watcher:
    """Looks again and again in a thread of its own, so that keys answer at once."""

    def __init__(
        self, servers: tuple[Server, ...], store: str, interval: float, window: float
    ) -> None:
        pasts: dict[Server, Past] = {}
        self.latest = look(servers, store, pasts, window)
        self._arguments = servers, store, pasts, window
        self._interval = interval
        self._ended = threading.Event()
        self.causes = 0  # that the screen has room for
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self._ended.wait(self._interval):
            try:
                self.latest = look(*self._arguments, causes=self.causes)
            except Exception as error:  # no descriptor left, for one: the reader must know
                problem = f"{type(error).__name__}: {error}"
                self.latest = self.latest._replace(problem=problem)

    def end(self) -> None:
        self._ended.set()


def _watch(servers: tuple[Server, ...], store: str, interval: float, window: float) -> None:
    from rich.live import Live

    from gearmang.cli.output import console
    from gearmang.cli.top.keys import keyboard, keys

    screen, state = console(), State()
    watcher = _Watcher(servers, store, interval, window)
    try:
        with (
            keyboard() as descriptor,
            Live(console=screen, screen=True, auto_refresh=False) as live,
        ):
            drawn, chosen = None, state
            while not state.quits:
                watcher.causes = MOST_CAUSES if screen.height >= TALL else 0
                if (seen := watcher.latest) is not drawn or state != chosen:
                    live.update(view(seen, state, *screen.size[::-1]), refresh=True)
                    drawn, chosen = seen, state
                for key in keys(descriptor, REDRAW):
                    state = state.after(key)
    except KeyboardInterrupt:
        pass
    finally:
        watcher.end()
