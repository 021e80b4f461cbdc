"""Change a letter's payload; what it was stays in the lineage."""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from gearmang.dead_letters.arriving.letter import fit
from gearmang.dead_letters.looking.history import operator
from gearmang.dead_letters.looking.presenting import shown
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.moves import note_handled
from gearmang.dead_letters.store.rows import DeadLetter
from gearmang.dead_letters.store.signing import unsign
from gearmang.dead_letters.store.tables import bodies, dead_letters, events

_LONGEST_DIFFERENCE: Final = 20_000  # characters; the original is kept whole


class Edited(NamedTuple):
    id: int
    death_id: str
    fingerprint: str
    before: bytes
    after: bytes
    detail: str


def edit(
    connection: Connection, letter: DeadLetter, before: bytes, payload: bytes, *, why: str | None
) -> str:
    """Give a dead letter another payload; return the difference, empty when there is none.

    Args:
        before: the payload that the operator has seen.

    Raises:
        NotAllowed: the letter is not dead any more, or somebody else has edited it meanwhile.
    """
    name = letter.death_id
    if letter.state != "dead":
        raise NotAllowed(f"letter {name} is {letter.state}; only a dead one can be edited")
    now = next(iter(contents(connection, [letter.id])), None)
    if now is None:
        raise NotAllowed(f"letter {name} was taken by somebody else in this moment")
    if now.payload != before:
        raise NotAllowed(f"letter {name} was edited by somebody else meanwhile; look again")
    if before == payload:
        return ""
    told = difference(before, payload)
    write(connection, [as_edited(now, payload, fit(told, _LONGEST_DIFFERENCE))], why=why)
    return told


def difference(before: bytes, after: bytes) -> str:
    """What an edit changes, in the form of ``diff -u``."""
    old, new = (shown(payload, secrets=True).text.splitlines() for payload in (before, after))
    return "\n".join(difflib.unified_diff(old, new, "before", "after", lineterm="", n=1))


class Content(NamedTuple):
    id: int
    death_id: str
    fingerprint: str
    payload: bytes


def as_edited(letter: Content, after: bytes, detail: str) -> Edited:
    return Edited(letter.id, letter.death_id, letter.fingerprint, letter.payload, after, detail)


def contents(connection: Connection, ids: Sequence[int]) -> list[Content]:
    """Those of the letters that are dead, with their payloads, kept from others meanwhile."""
    found = connection.execute(
        select(
            dead_letters.c.id, dead_letters.c.death_id, dead_letters.c.fingerprint, bodies.c.payload
        )
        .join(bodies, bodies.c.id == dead_letters.c.id)
        .where(dead_letters.c.id.in_(ids), dead_letters.c.state == "dead")
        .order_by(dead_letters.c.id)
        .with_for_update(of=dead_letters)
    )
    return [*map(Content._make, found)]


def write(
    connection: Connection,
    changes: Sequence[Edited],
    *,
    why: str | None,
    plan: str | None = None,
    what: str = "edited",
) -> None:
    """Store payloads, and what they were."""
    if not changes:
        return
    connection.execute(
        update(dead_letters)
        .where(dead_letters.c.id == bindparam("of_id"))
        .values(payload_bytes=bindparam("size")),
        [{"of_id": change.id, "size": len(change.after)} for change in changes],
    )
    connection.execute(
        update(bodies).where(bodies.c.id == bindparam("of_id")).values(payload=bindparam("after")),
        [{"of_id": change.id, "after": change.after} for change in changes],
    )
    unsign(connection, (change.id for change in changes))
    now, who = time.time(), operator()
    noted = [
        {
            "at": now,
            "who": who,
            "what": what,
            "why": why,
            "plan": plan,
            "death_id": change.death_id,
            "detail": change.detail,
            "payload": change.before,
        }
        for change in changes
    ]
    connection.execute(insert(events), noted)
    note_handled(connection, [change.fingerprint for change in changes])
