"""The tables of a store, the same for SQLite and PostgreSQL; `migrations` makes them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from gearmang.dead_letters.store.compressing import Compressed

REVISION: Final = "0006"  # the migration that this code was written for
VERSION_TABLE: Final = "dead_letter_version"

STATES: Final = ("dead", "requeuing", "requeued", "removed", "resolved", "recalling")
"""What a letter can be: waiting; on its way back to gearmand; back there; thrown away; known to
have succeeded or dealt with by hand; on its way out of gearmand again (an undo under way)."""

UNDER_WAY: Final = ("requeuing", "recalling")
"""The states of letters that somebody is at; a killed run leaves letters in them."""

metadata = MetaData()

# By bytes, whatever the database's language: prefixes of ids are found as ranges.
_Id = String().with_variant(String(collation="C"), "postgresql")

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # see moment.py
    Column("death_id", _Id, nullable=False, unique=True),
    Column("job_id", _Id, nullable=False),
    Column("state", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("function", String, nullable=False),
    Column("server", String),
    Column("error_type", String, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", String),
    Column("revision", String),
    Column("payload_bytes", BigInteger, nullable=False),
    Column("enqueued_at", Float),
    Column("died_at", Float, nullable=False),
    Column("stored_at", Float, nullable=False),
    Column("plan", String),  # that brought it into its state
    Index("dead_letters_by_state", "state", "id"),
    Index("dead_letters_by_fingerprint", "fingerprint", "state", "id"),
)

# Apart, so that a list of letters with 10 MiB each reads none of it.
bodies = Table(
    "dead_letter_bodies",
    metadata,
    Column(
        "id",
        BigInteger,
        ForeignKey("dead_letters.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("payload", Compressed, nullable=False),
    Column("history", Compressed, nullable=False),  # the dossiers as a JSON array
    Column("odd_function", LargeBinary),  # the function's name where it is no UTF-8
)

# One row a cause, counted with every change of a letter's state.
fingerprints = Table(
    "dead_letter_fingerprints",
    metadata,
    Column("fingerprint", String, primary_key=True),
    Column("function", String, nullable=False),
    Column("error_type", String, nullable=False),
    Column("error_message", Text, nullable=False),  # of its latest death
    Column("place", Text, nullable=False),  # the innermost frame of the user's code
    Column("state", String, nullable=False),  # new, known, resolved, reopened
    Column("revision", String),  # that it was resolved in
    Column("resolved_at", Float),
    Column("first_seen", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
    Column("notified_at", Float),
    Column("note", Text),  # what people have written about it
    Column("assigned", String),  # who looks after it
    Column("link", Text),  # where it is worked on
    Column("snoozed_until", Float),  # alerts nobody before then
    Column("snoozed_left", BigInteger),  # nor before so many more letters have come
    *(Column(state, BigInteger, nullable=False, server_default="0") for state in STATES),
    Index("dead_letter_fingerprints_by_first_seen", "first_seen"),
)

arrivals = Table(
    "dead_letter_arrivals",
    metadata,
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", String, primary_key=True),
    Column("arrived", BigInteger, nullable=False),
    Index("dead_letter_arrivals_by_fingerprint", "fingerprint", "minute"),
)

plans = Table(
    "dead_letter_plans",
    metadata,
    Column("plan", _Id, primary_key=True),
    Column("action", String, nullable=False),  # requeue, remove, resolve, edit
    Column("state", String, nullable=False),  # proposed, under way, done, stopped, undone
    Column("who", String, nullable=False),
    Column("why", Text),
    Column("chosen_by", Text, nullable=False),  # the ids or filters, for people
    Column("made_at", Float, nullable=False),
    Column("letters", BigInteger, nullable=False),
    Column("function", String),  # requeue to this one instead of each letter's own
    Column("change", Text),  # what an edit does to payloads, see acting/changing.py
    Column("rate", Float),  # the most letters a second
    Column("paused_by", String),  # who holds it up; it goes on when this is empty
    Column("owner", String),  # the process that carries it out
    Column("owner_seen_at", Float),
)

plan_items = Table(
    "dead_letter_plan_items",
    metadata,
    Column("plan", _Id, ForeignKey("dead_letter_plans.plan"), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("death_id", _Id, nullable=False),  # outlives a pruned letter
    Column("outcome", String),  # what the letter became; None before
    Column("server", String),  # that has the requeued job
    Column("at", Float),
    Index("dead_letter_plan_items_by_death", "death_id"),
)

# Only ever added to.
events = Table(
    "dead_letter_events",
    metadata,
    Column("event", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),
    Column("why", Text),
    Column("plan", _Id),
    Column("death_id", _Id),
    Column("fingerprint", String),
    Column("detail", Text),
    Column("payload", Compressed),  # what it was before an edit
    Index("dead_letter_events_by_death", "death_id"),
    Index("dead_letter_events_by_plan", "plan"),
    Index("dead_letter_events_by_fingerprint", "fingerprint"),
)

silences = Table(
    "dead_letter_silences",
    metadata,
    Column("silence", String, primary_key=True),
    Column("kind", String, nullable=False),  # function or server: what the glob fits
    Column("glob", Text, nullable=False),
    Column("until", Float, nullable=False),
    Column("why", Text),
    Column("who", String, nullable=False),
    Column("made_at", Float, nullable=False),
    Column("ended_at", Float),  # before its time
)

# See signatures.py: a part of a segment holds some bits of all its letters; part -1 their ids.
signatures = Table(
    "dead_letter_signatures",
    metadata,
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("bits", Compressed, nullable=False),
)

# Letters that no segment has, or that were changed since.
unsigned = Table(
    "dead_letter_unsigned",
    metadata,
    Column(
        "id",
        BigInteger,
        ForeignKey("dead_letters.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
)
