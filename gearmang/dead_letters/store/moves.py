"""Move letters from one state to another, with the counters of their fingerprints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, update

from gearmang.dead_letters.store.many import one_of
from gearmang.dead_letters.store.tables import STATES, dead_letters, fingerprints


class Moved(NamedTuple):
    """A letter that was moved, and its cause."""

    id: int
    fingerprint: str


def move(
    connection: Connection, ids: Sequence[int], before: str, after: str, *, plan: str | None
) -> list[Moved]:
    """Move those of the letters that are in the state ``before``; the others stay as they are.

    Nobody else can move the same letter: the database lets only one of two see it in ``before``.

    Returns:
        Those that were moved.
    """
    if not ids:
        return []
    moved = connection.execute(
        update(dead_letters)
        .where(one_of(connection, dead_letters.c.id, sorted(ids)), dead_letters.c.state == before)
        .values(state=after, plan=plan)
        .returning(dead_letters.c.id, dead_letters.c.fingerprint)
    )
    found = [*map(Moved._make, moved)]
    counts = Counter(letter.fingerprint for letter in found)
    _shift(connection, counts, {before: -1, after: 1})
    return found


def discard(connection: Connection, ids: Sequence[int]) -> int:
    """Delete the letters and their bodies for good; return how many there were."""
    gone = connection.execute(
        delete(dead_letters)
        .where(one_of(connection, dead_letters.c.id, sorted(ids)))
        .returning(dead_letters.c.fingerprint, dead_letters.c.state)
    ).all()
    for state in STATES:
        counts = Counter(row.fingerprint for row in gone if row.state == state)
        _shift(connection, counts, {state: -1})
    return len(gone)


def note_handled(connection: Connection, names: Iterable[str]) -> None:
    """A fingerprint that somebody has dealt with is not new any more."""
    connection.execute(
        update(fingerprints)
        .where(
            fingerprints.c.fingerprint.in_(sorted(set(names))),
            fingerprints.c.state.in_(("new", "reopened")),
        )
        .values(state="known")
    )


def recount(connection: Connection) -> int:
    """How many counters differ from the letters that they count: 0 in a sound store."""
    counted: Counter[tuple[str, str]] = Counter()
    for name, state in connection.execute(select(dead_letters.c.fingerprint, dead_letters.c.state)):
        counted[name, state] += 1
    kept = {
        (row["fingerprint"], state): row[state]
        for row in connection.execute(select(fingerprints)).mappings()
        for state in STATES
        if row[state]
    }
    return len(dict(counted).items() ^ kept.items())


def _shift(connection: Connection, counts: Counter[str], steps: dict[str, int]) -> None:
    if not counts:
        return
    connection.execute(
        update(fingerprints)
        .where(fingerprints.c.fingerprint == bindparam("name"))
        .values(
            {
                state: fingerprints.c[state] + step * bindparam("count")
                for state, step in steps.items()
            }
        ),
        # In one order everywhere, so that two operators never wait for each other in a circle.
        [{"name": name, "count": counts[name]} for name in sorted(counts)],
    )
