"""What is read of the tables, made where the SQL is: nothing looser travels on from there."""

from __future__ import annotations

from typing import Final, NamedTuple

from gearmang.dead_letters.store.tables import bodies, dead_letters, fingerprints, plans


class DeadLetter(NamedTuple):
    """A stored letter without its body.

    Attributes:
        id: its place in the order of arrival, see moment.py.
        death_id: ``JOB-DELIVERY``, what people call it by.
        attempts: how many times the job was tried before it died, over all its lives.
        enqueued_at, died_at, stored_at: in seconds since the epoch.
        plan: that brought it into its state.
    """

    id: int
    death_id: str
    job_id: str
    state: str
    fingerprint: str
    function: str
    server: str | None
    error_type: str
    error_message: str
    attempts: int
    worker: str | None
    revision: str | None
    payload_bytes: int
    enqueued_at: float | None
    died_at: float
    stored_at: float
    plan: str | None


class Body(NamedTuple):
    """What a letter holds.

    Attributes:
        history: the dossiers as a JSON array.
        odd_function: the function's name where it is no UTF-8.
    """

    payload: bytes
    history: bytes
    odd_function: bytes | None


class Cause(NamedTuple):
    """What letters of one fingerprint have in common, as it is kept with every change.

    Attributes:
        error_message: of its latest death.
        place: the innermost frame of the user's code.
        state: ``new``, ``known``, ``resolved`` or ``reopened``.
        revision: that it was resolved in.
        note, assigned, link: what people have said of it.
        snoozed_until: alerts nobody before then, in seconds since the epoch.
        snoozed_left: nor before so many more letters have come.
        dead and the other states: how many of its letters are in each.
    """

    fingerprint: str
    function: str
    error_type: str
    error_message: str
    place: str
    state: str
    revision: str | None
    resolved_at: float | None
    first_seen: float
    last_seen: float
    notified_at: float | None
    note: str | None
    assigned: str | None
    link: str | None
    snoozed_until: float | None
    snoozed_left: int | None
    dead: int
    requeuing: int
    requeued: int
    removed: int
    resolved: int
    recalling: int


class Plan(NamedTuple):
    """The frozen set of letters that an action is about.

    Attributes:
        plan: its id.
        action: ``requeue``, ``remove``, ``resolve`` or ``edit``.
        state: ``proposed``, ``under way``, ``stopped``, ``done`` or ``undone``.
        chosen_by: the ids or filters, for people.
        letters: how many there are in it.
        function: requeue to this one instead of each letter's own.
        change: what an edit does to payloads, see acting/changing.py.
        rate: the most letters a second.
        paused_by: who holds it up.
        owner: the process that carries it out, and when it last gave a sign of life.
    """

    plan: str
    action: str
    state: str
    who: str
    why: str | None
    chosen_by: str
    made_at: float
    letters: int
    function: str | None
    change: str | None
    rate: float | None
    paused_by: str | None
    owner: str | None
    owner_seen_at: float | None


LETTER: Final = tuple(dead_letters.c[name] for name in DeadLetter._fields)
BODY: Final = tuple(bodies.c[name] for name in Body._fields)
CAUSE: Final = tuple(fingerprints.c[name] for name in Cause._fields)
PLAN: Final = tuple(plans.c[name] for name in Plan._fields)
"""What to select for each, in the order of its fields: ``DeadLetter._make(row)`` reads it."""
