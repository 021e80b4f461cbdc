"""A group of letters in one transaction: causes new, known, resolved and reopened."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from gearmang.dead_letters.looking.causes import find_cause, resolve
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import fingerprints
from tests.unit.dead_letters.conftest import dead

Put = Callable[..., list[int]]


def cause(store: Store) -> str:
    name = _fingerprint(store)
    with store.reading() as connection:
        return str(find_cause(connection, name).state)


def _fingerprint(store: Store) -> str:
    with store.reading() as connection:
        return str(connection.execute(select(fingerprints.c.fingerprint)).scalar_one())


def resolved(store: Store, revision: str | None) -> None:
    name = _fingerprint(store)
    with store.writing() as connection:
        resolve(connection, name, revision=revision, why=None)


def test_older_letters_that_come_later_move_the_first_death_of_a_cause_and_not_the_last(
    store: Store, put: Put
) -> None:
    now = time.time()
    for at in (now - 100, now, now - 300, now - 200):
        put(dead(), now=at)
    with store.reading() as connection:
        row = connection.execute(select(fingerprints)).one()
    assert (row.first_seen, row.last_seen) == pytest.approx((now - 300, now))


@pytest.mark.parametrize(
    ("fixed_in", "died_in", "state"),
    [
        ("r2", "r2", "reopened"),  # the fix does not hold
        ("r2", "r1", "resolved"),  # an old worker that is not deployed yet
        ("r2", "r3", "reopened"),  # code that never died of it before
        ("r2", None, "reopened"),  # nobody knows
        (None, "r1", "reopened"),  # any further death
    ],
)
def test_a_resolved_cause_is_reopened_by_a_death_in_code_that_should_hold_the_fix(
    store: Store, put: Put, fixed_in: str | None, died_in: str | None, state: str
) -> None:
    put(dead(revision="r1"), now=time.time() - 10)
    resolved(store, fixed_in)
    put(dead(revision=died_in))
    assert cause(store) == state


def test_only_deaths_before_the_fix_show_that_a_revision_is_old(store: Store, put: Put) -> None:
    now = time.time()
    put(dead(revision="r3"), now=now)
    resolved(store, "r2")
    with store.writing() as connection:  # the fix was told before r3's death was stored
        connection.execute(update(fingerprints).values(resolved_at=now - 5))
    put(dead(revision="r3"), now=now + 10)
    assert cause(store) == "reopened"
