"""``gearmang collect``."""

from __future__ import annotations

import os
import random
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gearmang.cli.options import servers_option, store_option
from gearmang.cli.sizes import SIZE
from gearmang.cli.times import Span
from gearmang.cli.tls import tls_options
from gearmang.protocol.server import Server

if TYPE_CHECKING:
    from gearmang.dead_letters.arriving.chores import Chores
    from gearmang.dead_letters.arriving.collector import Collector
    from gearmang.dead_letters.store.seam import Store

_STORE_TIMEOUT = 5.0  # seconds that one commit may wait, before it is tried anew
_STORE_PATIENCE = 30.0  # seconds that a database may take for one statement of a group
_LAST_CALLS = 5.0  # seconds that notices may take at the end
_SPLAY = 0.1  # of the lifetime, so that a fleet does not restart at once
_COMPLETE_TIMEOUT = 5.0  # seconds that gearmand may take to confirm a letter sent again


@click.command()
@servers_option
@tls_options
@store_option
@click.option(
    "--lifetime",
    type=Span(),
    default="5m",
    show_default=True,
    help="Exit after this time, between two groups; 0s stays for ever.",
)
@click.option(
    "--grace",
    type=Span(),
    default="25s",
    show_default=True,
    help="After SIGTERM, the time to store what is at hand.",
)
@click.option(
    "--max-payload",
    type=SIZE,
    default="256M",
    show_default=True,
    help="Store a larger letter without its payload; it says so.",
)
@click.option(
    "--notify-command",
    metavar="COMMAND",
    help="Run this with each notice as JSON on its standard input; no shell is involved.",
)
@click.option("--webhook", metavar="URL", help="POST each notice as JSON to this URL.")
@click.option(
    "--notify-interval",
    type=Span(),
    default="1h",
    show_default=True,
    help="The time between two notices of one fingerprint.",
)
@click.option("--retention", type=Span(), help="Delete letters that are older: 180d.")
@click.option(
    "--max-dead",
    type=click.IntRange(0),
    metavar="N",
    help="Delete the oldest dead letters above N.",
)
@click.option(
    "--archive",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The JSON-lines file that letters are added to before they are deleted.",
)
@click.option(
    "--records",
    type=click.Path(path_type=Path),
    metavar="DIR",
    envvar="GEARMANG_RECORDS",
    show_envvar=True,
    help="Write a JSON record of each stored group here.",
)
def collect(
    servers: tuple[Server, ...],
    store: str,
    lifetime: float,
    grace: float,
    max_payload: int,
    notify_command: str | None,
    webhook: str | None,
    notify_interval: float,
    retention: float | None,
    max_dead: int | None,
    archive: Path | None,
    records: Path | None,
) -> None:
    """Store the dead letters that workers send.

    Takes jobs from the function `gearmang` and completes each one only after its letter is in the
    store. Makes or updates the store's tables when it starts. Exits 0 after its lifetime and after
    SIGTERM.

    Example: gearmang collect --server gm1:4730 --server gm2:4730
    """
    from gearmang.dead_letters.arriving.chores import Chores
    from gearmang.dead_letters.arriving.collector import Collector
    from gearmang.dead_letters.arriving.messenger import Messenger
    from gearmang.dead_letters.store.seam import Store

    if (retention is not None or max_dead is not None) and archive is None:
        raise click.UsageError("--retention and --max-dead need --archive FILE")
    if records is not None:
        import log_shipping

        log_shipping.configure(path=records)
    messenger = None
    if notify_command or webhook:
        command = shlex.split(notify_command or "")
        messenger = Messenger(command=command, webhook=webhook, say=_say)
    signals = _Signals()
    with Store(store, timeout=_STORE_TIMEOUT, patience=_STORE_PATIENCE) as opened:
        if not _migrate(opened, signals):
            return
        chores = Chores(
            opened,
            say=_say,
            messenger=messenger,
            notify_interval=notify_interval,
            retention=retention,
            most_dead=max_dead,
            archive=archive if retention is not None or max_dead is not None else None,
        )
        collector = Collector(
            servers,
            opened,
            say=_say,
            stored=chores.stored,
            max_payload=max_payload,
            process_id=os.getpid(),
            started_at=time.time(),
        )
        interrupted = _Interrupted(opened, servers)
        try:
            _run(collector, chores, interrupted, signals, lifetime, grace)
        finally:
            collector.close()
            chores.close(_LAST_CALLS)


class _Signals:
    """SIGTERM and SIGINT ask for an orderly end; the second one ends at once."""

    def __init__(self) -> None:
        self.asked_at: float | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: Any) -> None:
        if self.asked_at is not None:
            sys.exit(128 + number)
        self.asked_at = time.monotonic()


def _migrate(store: Store, signals: _Signals) -> bool:
    """Make the tables what they must be, as soon as the store is there; False when told to end."""
    from gearmang.dead_letters.arriving.collector import Backoff
    from gearmang.dead_letters.store.errors import StoreUnavailable
    from gearmang.dead_letters.store.migrating import migrate

    trouble = Backoff()
    while signals.asked_at is None:
        try:
            migrate(store)
        except StoreUnavailable as error:
            if trouble.failures == 0:
                _say(f"{error}; trying again")
            time.sleep(trouble.failed())
        else:
            return True
    return False


class _Interrupted:
    """What operators' killed commands had left half way when this started: tried until it is done.

    Args:
        servers: where letters that were on their way are sent.
    """

    def __init__(self, store: Store, servers: tuple[Server, ...]) -> None:
        from gearmang.dead_letters.arriving.collector import Backoff

        self._store, self._servers = store, servers
        self._trouble = Backoff()
        self._is_done = False

    def complete(self) -> None:
        """Bring it to its end, if it is time to try and nobody has."""
        from gearmang.dead_letters.acting.interrupted import complete_interrupted
        from gearmang.errors import GearmangError
        from gearmang.job.client import Client

        if self._is_done or not self._trouble.is_over:
            return
        try:
            with Client(self._servers, timeout=_COMPLETE_TIMEOUT) as client:
                completed = complete_interrupted(self._store, client)
        except GearmangError as error:
            if self._trouble.failures == 0:
                _say(f"letters are under way still: {error}; trying again")
            self._trouble.failed()
            return
        self._is_done = True
        if completed:
            _say(f"completed what an interrupted command had left: {completed} letters")


def _run(
    collector: Collector,
    chores: Chores,
    interrupted: _Interrupted,
    signals: _Signals,
    lifetime: float,
    grace: float,
) -> None:
    ends_at = _end_of(lifetime)
    draining_until: float | None = None
    while not collector.is_drained:
        interrupted.complete()
        collector.step()
        chores.run()
        now = time.monotonic()
        if draining_until is None:
            # While the store is down the lifetime does not end: leaving would make gearmand
            # count a lost worker against each job that is held.
            if signals.asked_at is not None or (now > ends_at and collector.is_storing):
                collector.drain()
                draining_until = now + grace
        elif now > draining_until:
            _say("the grace has run out; gearmand takes back what is not stored")
            return


def _end_of(lifetime: float) -> float:
    if lifetime == 0:
        return float("inf")
    splay = random.uniform(1 - _SPLAY, 1 + _SPLAY)  # noqa: S311 # jitter, no secret
    return time.monotonic() + lifetime * splay


def _say(text: str) -> None:
    from gearmang.terminal import clean

    click.echo(f"gearmang collect: {clean(text)}", err=True)
