"""Back to gearmand: claim, submit, read JOB_CREATED, settle.

A letter is written down as ``requeuing``, with the plan that its delivery is counted by, before
gearmand hears of it, and as ``requeued`` only after JOB_CREATED. Killed in between, it stays
``requeuing``: the next run submits it once more under the same key (interrupted.py). While the
first copy is in gearmand the two become one there; only if that copy has already run does the
job run twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.pausing import Reins
from gearmang.dead_letters.arriving.letter import DEAD_FUNCTION, TOO_LARGE
from gearmang.dead_letters.looking.browse import delivery_of, function_of
from gearmang.dead_letters.store.moves import move, note_handled
from gearmang.dead_letters.store.rows import LETTER, DeadLetter
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import bodies, dead_letters
from gearmang.errors import NotQueued
from gearmang.job.client import Client
from gearmang.job.submission import LONGEST_FUNCTION, Packed, as_bytes
from gearmang.protocol.key import JobKey, mark_of

DEFAULT_BATCH: Final = 500  # letters that are claimed, submitted and settled together
_BATCH_BYTES: Final = 32 * 1024 * 1024  # of payloads that one batch may bring into memory

Progress = Callable[[int], None]


class Released(NamedTuple):
    """What a run did.

    Attributes:
        requeued: letters that gearmand has confirmed.
        skipped: letters of the plan that were no longer dead when their turn came.
        unfit: letters that stay dead: they name no function that could be queued, or their payload
            was too large to be kept.
        ids: the letters that were requeued, where the run was asked for few of them.
    """

    requeued: int
    skipped: int
    unfit: int
    ids: tuple[int, ...] = ()


class _Claimed(NamedTuple):
    letters: list[DeadLetter]
    skipped: int
    unfit: int
    last: int  # the last letter of the plan that was looked at


def requeue(
    store: Store,
    client: Client,
    plan: str,
    *,
    batch: int = DEFAULT_BATCH,
    rate: float | None = None,
    only: int | None = None,
    reins: Reins | None = None,
    progress: Progress = lambda _: None,
) -> Released:
    """Carry a plan out that this process has taken.

    Args:
        batch: letters a transaction.
        rate: the most letters a second.
        only: stop after so many, with the plan under way.
        reins: may hold it up between two batches.
        progress: is told the number of letters that each batch has dealt with.

    Raises:
        NotQueued: gearmand did not confirm all of a batch; those letters stay ``requeuing``.
        StoreError: the store failed; letters of the last batch may stay ``requeuing``.
        Stopped: the reins said so.
    """
    reins = reins or Reins(store, plan)
    with store.writing() as connection:
        plans.note_rate(connection, plan, rate)
    requeued = skipped = unfit = 0
    after = -1
    released: list[int] = []
    started = time.monotonic()
    while only is None or requeued < only:
        started += reins.hold()  # what a pause took is not made up for by haste
        room = batch if only is None else min(batch, only - requeued)
        if rate is not None:
            room = min(room, max(1, int(rate)))
        claimed = _claim(store, plan, after, room)
        if claimed is None:
            break
        after = claimed.last
        submit(store, client, plan, claimed.letters)
        if only is not None:
            released += [letter.id for letter in claimed.letters]
        requeued += len(claimed.letters)
        skipped += claimed.skipped
        unfit += claimed.unfit
        progress(len(claimed.letters) + claimed.skipped + claimed.unfit)
        if rate is not None:
            reins.wait(max(0.0, started + requeued / rate - time.monotonic()))
    return Released(requeued, skipped, unfit, tuple(released))


def reach(client: Client) -> None:
    """Find out that there is a gearmand to requeue to, before any letter is touched.

    Raises:
        NotQueued: there is none.
    """
    try:
        for _ in client.queue(()):
            pass
    except NotQueued as error:
        raise NotQueued(f"no letter was touched: {error.__cause__ or error}") from None


def _claim(store: Store, plan: str, after: int, room: int) -> _Claimed | None:
    """Mark the next letters of the plan as ``requeuing``; None when there are no more."""
    with store.writing() as connection:
        ids = plans.pending(connection, plan, after=after, limit=room)
        if not ids:
            return None
        rows = connection.execute(
            select(*LETTER, bodies.c.odd_function)
            .join(bodies, bodies.c.id == dead_letters.c.id)
            .where(dead_letters.c.id.in_(ids), dead_letters.c.state == "dead")
            .order_by(dead_letters.c.id)
        ).all()
        found = [DeadLetter._make(row[:-1]) for row in rows]
        odd = {row.id: row.odd_function for row in rows}
        looked_at = within_budget(found)
        if len(looked_at) < len(found):
            ids = [identity for identity in ids if identity <= looked_at[-1].id]
        to = plans.get(connection, plan).function
        fit = [
            letter
            for letter in looked_at
            if _is_whole(letter) and _can_be_queued(to or function_of(letter, odd[letter.id]))
        ]
        moved = {
            one.id
            for one in move(connection, [one.id for one in fit], "dead", "requeuing", plan=plan)
        }
        unfit = {letter.id for letter in looked_at} - {letter.id for letter in fit}
        gone = set(ids) - moved - unfit
        plans.settle(connection, plan, sorted(gone), "skipped")
        plans.settle(connection, plan, sorted(unfit), "unfit")
        plans.sign_of_life(connection, plan)
        note_handled(connection, [letter.fingerprint for letter in fit])
    return _Claimed(
        [letter for letter in fit if letter.id in moved], len(gone), len(unfit), ids[-1]
    )


def _is_whole(letter: DeadLetter) -> bool:
    """Whether the letter has its payload; one that was too large to keep may get one by an edit."""
    return bool(letter.payload_bytes) or letter.error_type != TOO_LARGE


def _can_be_queued(function: str) -> bool:
    """Whether it is a function for gearmand; back on ``gearmang`` it would die at once."""
    name = as_bytes(function)
    return 0 < len(name) <= LONGEST_FUNCTION and b"\0" not in name and function != DEAD_FUNCTION


def submit(store: Store, client: Client, plan: str, claimed: Sequence[DeadLetter]) -> None:
    """Submit claimed letters and settle those that gearmand has confirmed, come what may."""
    by_server: dict[str, list[int]] = {}
    failure = ""
    try:
        for queued in client.queue(packed(store, plan, claimed)):
            identity = queued.packed.tag
            assert isinstance(identity, int)  # noqa: S101 # what `packed` put there
            by_server.setdefault(str(queued.server), []).append(identity)
    except NotQueued as error:
        failure = str(error)
    finally:
        settled = [identity for ids in by_server.values() for identity in ids]
        with store.writing() as connection:
            move(connection, settled, "requeuing", "requeued", plan=plan)
            for server, ids in by_server.items():
                plans.settle(connection, plan, ids, "requeued", server)
    if failure:
        raise NotQueued(
            f"{failure}; {len(claimed) - len(settled)} letters of plan {plan} "
            "stay `requeuing` until the next requeue completes it"
        )


def packed(store: Store, plan: str, letters: Sequence[DeadLetter]) -> list[Packed]:
    """The jobs of these letters as the plan sends them; they must fit into memory together.

    The payload goes bare: any worker of the function may get it, and the history is in the store.
    """
    ids = [letter.id for letter in letters]
    with store.reading() as connection:
        going = destinations(connection, plan, letters)
        contents = connection.execute(
            select(bodies.c.id, bodies.c.payload).where(bodies.c.id.in_(ids))
        )
        payloads = {content.id: content.payload for content in contents}
    return [
        Packed(function, payloads[identity], key, tag=identity)
        for identity, (function, key) in going.items()
    ]


def destinations(
    connection: Connection, plan: str, letters: Sequence[DeadLetter]
) -> dict[int, tuple[str, str]]:
    """The function and the unique key of each letter's job as the plan sends it.

    A key is fresh for each plan, since its delivery counts all that the letter went through, and
    the same for each try of one plan.
    """
    chosen = plans.get(connection, plan)
    ids = [letter.id for letter in letters]
    odd = {
        content.id: content.odd_function
        for content in connection.execute(
            select(bodies.c.id, bodies.c.odd_function).where(bodies.c.id.in_(ids))
        )
    }
    before = plans.requeued_before(connection, chosen, [letter.death_id for letter in letters])
    going: dict[int, tuple[str, str]] = {}
    for letter in letters:
        function = chosen.function or function_of(letter, odd[letter.id])
        delivery = delivery_of(letter.death_id) + 1 + before.get(letter.death_id, 0)
        since = letter.died_at if letter.enqueued_at is None else letter.enqueued_at
        going[letter.id] = function, str(JobKey(letter.job_id, since, mark_of(function), delivery))
    return going


def within_budget(letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """The first letters whose payloads fit into memory together, and at least one."""
    room = _BATCH_BYTES
    kept: list[DeadLetter] = []
    for letter in letters:
        room -= letter.payload_bytes
        if kept and room < 0:
            break
        kept.append(letter)
    return kept
