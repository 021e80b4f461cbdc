"""Take requeued jobs out of gearmand again, as far as no worker has started them.

A letter is written down as ``recalling`` before its job is cancelled, and as ``dead`` only
afterwards. Killed in between, the next run does it once more.

gearmand (1.1.20) cancels by handle, and handles change when it restarts. The unique key is what
lasts: submitting it once more does not make a second job, and gives the handle of the first.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, select

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.requeue import destinations, packed, within_budget
from gearmang.dead_letters.looking.history import record
from gearmang.dead_letters.store.moves import move
from gearmang.dead_letters.store.rows import LETTER, DeadLetter
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import dead_letters, plan_items
from gearmang.errors import ServerLost
from gearmang.job.client import Client
from gearmang.protocol import AdminClient, Refused, wire
from gearmang.protocol.connection import Connection as Gearmand
from gearmang.protocol.key import JobKey
from gearmang.protocol.server import Server

_BATCH: Final = 200  # letters a transaction
_GET_STATUS_UNIQUE: Final = 41  # not in gearman.protocol; gearmand 1.1 and later
_STATUS_RES_UNIQUE: Final = 42
_TIMEOUT: Final = 10.0  # seconds for one answer


def recall(
    store: Store, plan: str, *, progress: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """Make the requeued letters of a plan dead again whose jobs have not started.

    Returns:
        How many are dead again, and how many had started.

    Raises:
        ServerLost, AdminError: gearmand did not answer; letters may stay ``recalling``.
    """
    recalled = started = 0
    last = -1
    while True:
        with store.writing() as connection:
            ids = plans.pending(connection, plan, after=last, limit=_BATCH, outcome="requeued")
            if not ids:
                return recalled, started
            move(connection, ids, "requeued", "recalling", plan=plan)
            plans.sign_of_life(connection, plan)
        back, kept = _recall(store, plan, interrupted=False)
        recalled, started, last = recalled + back, started + kept, ids[-1]
        progress(len(ids))


def complete_recall(store: Store, plan: str) -> int:
    """Finish what a killed run has left ``recalling``; return how many letters that was.

    A job that gearmand does not know any more may have been cancelled or may have run: it
    becomes a dead letter again, as at worst it runs twice that way.
    """
    return sum(_recall(store, plan, interrupted=True))


def _recall(store: Store, plan: str, *, interrupted: bool) -> tuple[int, int]:
    recalled = started = 0
    with store.reading() as connection:
        by_server = _recalling(connection, plan)
    for server, letters in sorted(by_server.items()):
        back = _cancel(store, plan, Server.parse(server), letters, interrupted=interrupted)
        kept = [letter.id for letter in letters if letter.id not in back]
        with store.writing() as connection:
            moved = move(connection, sorted(back), "recalling", "dead", plan=plan)
            plans.settle(connection, plan, [one.id for one in moved], "recalled", server)
            move(connection, kept, "recalling", "requeued", plan=plan)
        recalled, started = recalled + len(back), started + len(kept)
    return recalled, started


def _recalling(connection: Connection, plan: str) -> dict[str, list[DeadLetter]]:
    """The letters that are ``recalling``, by the gearmand that has their jobs."""
    rows = connection.execute(
        select(*LETTER, plan_items.c.server)
        .join(plan_items, plan_items.c.id == dead_letters.c.id)
        .where(
            dead_letters.c.state == "recalling",
            dead_letters.c.plan == plan,
            plan_items.c.plan == plan,
        )
        .order_by(dead_letters.c.id)
    )
    found: defaultdict[str, list[DeadLetter]] = defaultdict(list)
    for row in rows:
        found[row[-1]].append(DeadLetter._make(row[:-1]))
    return found


def _cancel(
    store: Store, plan: str, server: Server, letters: Sequence[DeadLetter], *, interrupted: bool
) -> set[int]:
    """Cancel the jobs of these letters; return the letters whose jobs are out of gearmand."""
    with store.reading() as reading:
        going = destinations(reading, plan, letters)
    uniques = {identity: key for identity, (_, key) in going.items()}
    with Gearmand(server, timeout=_TIMEOUT) as connection:
        before = _states(connection, server, uniques)
        waiting = [letter for letter in letters if before[letter.id] == (True, False)]
        unknown = {letter.id for letter in letters if not before[letter.id][0]}
        _cancel_waiting(store, plan, server, waiting)
        after = _states(connection, server, {one.id: uniques[one.id] for one in waiting})
        overtaken = [one for one in waiting if after[one.id] == (True, True)]
    # A worker took these between the look and the cancelling. Should it die now, gearmand would
    # drop the job, cancelled as it is: a copy of its own makes sure that it runs.
    with Client([server]) as client:
        for letter in overtaken:
            (job,) = packed(store, plan, [letter])
            for _ in client.queue([job._replace(unique=_next_delivery(job.unique))]):
                pass
    back = {one.id for one in waiting} - {one.id for one in overtaken}
    if interrupted and unknown:
        with store.writing() as connection_:
            detail = f"{len(unknown)} jobs may have run before they were recalled"
            record(connection_, "recall completed", plan=plan, detail=detail)
        back |= unknown
    return back


def _cancel_waiting(store: Store, plan: str, server: Server, letters: Sequence[DeadLetter]) -> None:
    with Client([server]) as client, AdminClient(*server, timeout=_TIMEOUT) as admin:
        left = list(letters)
        while left:
            some = within_budget(left)
            left = left[len(some) :]
            for queued in client.queue(packed(store, plan, some)):
                with contextlib.suppress(Refused):  # done in this very moment
                    admin.cancel_job(queued.handle)


def _next_delivery(unique: str) -> str:
    key = JobKey.parse(unique)
    assert key is not None  # noqa: S101 # it is what `destinations` made
    return str(key._replace(delivery=key.delivery + 1))


def _states(
    connection: Gearmand, server: Server, uniques: dict[int, str]
) -> dict[int, tuple[bool, bool]]:
    """Of each letter's job: whether gearmand knows it, and whether a worker has started it."""
    if not uniques:
        return {}
    connection.send(
        *(wire.request(_GET_STATUS_UNIQUE, unique.encode()) for unique in uniques.values())
    )
    found: list[tuple[bool, bool]] = []
    while len(found) < len(uniques):
        packets = connection.receive(_TIMEOUT)
        if not packets:
            raise ServerLost(f"gearmand {server} did not say what became of its jobs; try again")
        for packet in packets:
            if packet.command != _STATUS_RES_UNIQUE:
                raise ServerLost(f"gearmand {server} cannot tell the state of a unique key")
            _, known, running, *_ = packet.body.split(b"\0")
            found.append((known == b"1", running == b"1"))
    return dict(zip(uniques, found, strict=True))
