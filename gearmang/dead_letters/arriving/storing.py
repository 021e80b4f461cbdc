"""Store a group of letters: in one transaction, each death once, the counters kept."""

from __future__ import annotations

import functools
import hashlib
import math
import operator
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Insert, case, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from gearmang.dead_letters.arriving.letter import Letter
from gearmang.dead_letters.looking.history import record
from gearmang.dead_letters.store.moment import minute_of, new_id
from gearmang.dead_letters.store.rows import CAUSE, Cause
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.signing import unsign
from gearmang.dead_letters.store.tables import (
    STATES,
    arrivals,
    bodies,
    dead_letters,
    events,
    fingerprints,
)


class Stored(NamedTuple):
    """What became of a cause.

    Attributes:
        letters: those that are new; the others were delivered before.
        first_of: fingerprint → ``new`` or ``reopened``, for those that this group made so.
    """

    letters: list[Letter]
    first_of: dict[str, str]


def store_letters(store: Store, letters: Sequence[Letter]) -> Stored:
    """Store the letters durably: when this returns, their jobs may be completed.

    Raises:
        StoreUnavailable: nothing was stored; the same call may succeed later.
        StoreError: nothing was stored.
    """
    try:
        with store.writing() as connection:
            return _store(connection, letters)
    except IntegrityError:
        # Another collector stored one of them in the same moment, or took the same id.
        for letter in letters:
            letter.row["id"] = letter.body["id"] = new_id(letter.row["stored_at"])
        with store.writing() as connection:
            return _store(connection, letters)


def _store(connection: Connection, letters: Sequence[Letter]) -> Stored:
    kept = _fresh(connection, letters)
    if not kept:
        return Stored([], {})
    first_of = _reopen(connection, kept)
    first_of |= _count(connection, kept)
    connection.execute(insert(dead_letters), [letter.row for letter in kept])
    connection.execute(insert(bodies), [letter.body for letter in kept])
    unsign(connection, (letter.row["id"] for letter in kept))
    for fingerprint, state in first_of.items():
        record(connection, f"fingerprint {state}", fingerprint=fingerprint)
    return Stored(kept, first_of)


def _fresh(connection: Connection, letters: Sequence[Letter]) -> list[Letter]:
    """The letters that are not stored yet, each once.

    A letter with the id of another but a payload that this one never had is no redelivery: it is
    kept under an id made of both.
    """
    fresh: dict[str, Letter] = {}
    known = _payloads(connection, [letter.row["death_id"] for letter in letters])
    namesakes: list[Letter] = []
    for letter in letters:
        name = letter.row["death_id"]
        payloads = known.setdefault(name, [])
        if letter.body["payload"] in payloads:
            continue
        if payloads:
            namesakes.append(letter)
            continue
        payloads.append(letter.body["payload"])
        fresh[name] = letter
    for letter in namesakes:
        old = letter.row["death_id"]
        if not _rename(connection, letter, fresh):
            continue
        detail = f"another job came with its id and another payload; it is {letter.row['death_id']}"
        record(connection, "id met twice", death_id=old, detail=detail)
    return [*fresh.values()]


def _rename(connection: Connection, letter: Letter, fresh: dict[str, Letter]) -> bool:
    """Give a letter an id of its own; False when it is stored under that one already."""
    job_id, _, delivery = letter.row["death_id"].rpartition("-")
    made = hashlib.sha256(job_id.encode() + letter.body["payload"]).hexdigest()[: len(job_id)]
    letter.row["job_id"], letter.row["death_id"] = made, f"{made}-{delivery}"
    if letter.row["death_id"] in fresh or _payloads(connection, [letter.row["death_id"]]):
        return False
    fresh[letter.row["death_id"]] = letter
    return True


def _payloads(connection: Connection, death_ids: Sequence[str]) -> dict[str, list[bytes]]:
    """Of letters that are stored: the payload, and those that they had before they were edited."""
    found: dict[str, list[bytes]] = {}
    stored = connection.execute(
        select(dead_letters.c.death_id, bodies.c.payload)
        .join(bodies, bodies.c.id == dead_letters.c.id)
        .where(dead_letters.c.death_id.in_(death_ids))
    )
    for death_id, payload in stored:
        found[death_id] = [bytes(payload)]
    if found:
        edited = connection.execute(
            select(events.c.death_id, events.c.payload).where(
                events.c.death_id.in_(found), events.c.payload.is_not(None)
            )
        )
        for death_id, payload in edited:
            found[death_id].append(bytes(payload))
    return found


def _count(connection: Connection, letters: Iterable[Letter]) -> dict[str, str]:
    """Count the letters in; return the fingerprints that were never seen before."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    minutes: Counter[tuple[int, str]] = Counter()
    latest: dict[str, Letter] = {}
    earliest: dict[str, float] = {}
    for letter in letters:
        name = letter.row["fingerprint"]
        counts[name][letter.row["state"]] += 1
        minutes[minute_of(letter.row["stored_at"]), name] += 1
        earliest[name] = min(letter.row["stored_at"], earliest.get(name, math.inf))
        if name not in latest or letter.row["stored_at"] >= latest[name].row["stored_at"]:
            latest[name] = letter
    known = set(
        connection.scalars(
            select(fingerprints.c.fingerprint).where(fingerprints.c.fingerprint.in_(list(counts)))
        )
    )
    counting, arriving = _statements(connection.dialect.name)
    connection.execute(
        counting,
        # In one order everywhere, so that two collectors never wait for each other in a circle.
        [
            {
                "fingerprint": name,
                "function": latest[name].row["function"],
                "error_type": latest[name].row["error_type"],
                "error_message": latest[name].row["error_message"],
                "place": latest[name].place,
                "state": "new",
                "first_seen": earliest[name],
                "last_seen": latest[name].row["stored_at"],
                **{state: counts[name][state] for state in STATES},
            }
            for name in sorted(counts)
        ],
    )
    connection.execute(
        arriving,
        [
            {"minute": minute, "fingerprint": name, "arrived": count}
            for (minute, name), count in sorted(minutes.items())
        ],
    )
    return {name: "new" for name in counts if name not in known}


@functools.cache
def _statements(dialect: str) -> tuple[Insert, Insert]:
    """How a fingerprint, and a minute of one, is counted up, or made where it is new."""
    put = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # SQLite's min and max take several values, too.
    least, greatest = (
        (func.least, func.greatest) if dialect == "postgresql" else (func.min, func.max)
    )
    counting = put(fingerprints)
    new = counting.excluded
    arrived = functools.reduce(operator.add, (new[state] for state in STATES))
    arriving = put(arrivals)
    return (
        counting.on_conflict_do_update(
            index_elements=["fingerprint"],
            set_={
                # An import brings older letters: what is told of a cause is its latest death.
                "error_message": case(
                    (new.last_seen >= fingerprints.c.last_seen, new.error_message),
                    else_=fingerprints.c.error_message,
                ),
                "first_seen": least(fingerprints.c.first_seen, new.first_seen),
                "last_seen": greatest(fingerprints.c.last_seen, new.last_seen),
                "snoozed_left": case(
                    (fingerprints.c.snoozed_left > arrived, fingerprints.c.snoozed_left - arrived),
                    else_=None,
                ),
                **{state: fingerprints.c[state] + new[state] for state in STATES},
            },
        ),
        arriving.on_conflict_do_update(
            index_elements=["minute", "fingerprint"],
            set_={"arrived": arrivals.c.arrived + arriving.excluded.arrived},
        ),
    )


def _reopen(connection: Connection, letters: Sequence[Letter]) -> dict[str, str]:
    """Reopen the resolved fingerprints that died again in code that should hold the fix.

    A death in a revision that had died of it before it was resolved is a straggler of a worker
    not yet deployed, and proves nothing.
    """
    names = {letter.row["fingerprint"] for letter in letters}
    resolved = connection.execute(
        select(*CAUSE).where(
            fingerprints.c.fingerprint.in_(names), fingerprints.c.state == "resolved"
        )
    ).all()
    reopened: dict[str, str] = {}
    for cause in map(Cause._make, resolved):
        revisions = {
            letter.row["revision"]
            for letter in letters
            if letter.row["fingerprint"] == cause.fingerprint
        }
        if all(_is_straggler(connection, cause, revision) for revision in revisions):
            continue
        reopened[cause.fingerprint] = "reopened"
        connection.execute(
            update(fingerprints)
            .where(fingerprints.c.fingerprint == cause.fingerprint)
            .values(state="reopened", notified_at=None)
        )
    return reopened


def _is_straggler(connection: Connection, cause: Cause, revision: str | None) -> bool:
    if cause.revision is None or revision is None or revision == cause.revision:
        return False
    found = connection.execute(
        select(
            exists().where(
                dead_letters.c.fingerprint == cause.fingerprint,
                dead_letters.c.revision == revision,
                dead_letters.c.stored_at <= cause.resolved_at,
            )
        )
    )
    return bool(found.scalar())
