"""What people say of a cause, and when it alerts nobody."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from gearmang.dead_letters.acting.caring import annotate, snooze
from gearmang.dead_letters.arriving.notices import Notices
from gearmang.dead_letters.looking.history import history
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import fingerprints
from gearmang.dead_letters.store.tally import tally
from tests.unit.dead_letters.conftest import dead

Put = Callable[..., list[int]]


def cause(store: Store) -> Any:
    with store.reading() as connection:
        return connection.execute(select(fingerprints)).one()


def snoozed(store: Store, **end: Any) -> None:
    name = cause(store).fingerprint
    with store.writing() as connection:
        snooze(connection, name, **end)


def arrived(store: Store) -> int:
    """As a check counts them."""
    return sum(tally(str(store), since=time.time() - 3600).arrived.values())


@pytest.mark.parametrize("what", ["note", "assigned"])
def test_what_is_said_of_a_cause_is_kept_and_taken_away_and_told(
    store: Store, put: Put, what: str
) -> None:
    put(dead())
    name = cause(store).fingerprint
    with store.writing() as connection:
        annotate(connection, name, what, "anna\0")
    assert getattr(cause(store), what) == "anna\\x00"
    assert cause(store).state == "known"
    with store.writing() as connection:
        annotate(connection, name, what, "")
        assert [event.what for event in history(connection)][:2] == [f"cause: {what}"] * 2
    assert getattr(cause(store), what) is None


def test_a_link_leads_to_the_web_only(store: Store, put: Put) -> None:
    put(dead())
    name = cause(store).fingerprint
    with store.writing() as connection, pytest.raises(NotAllowed, match="no link"):
        annotate(connection, name, "link", "javascript:alert(1)")


def test_a_snoozed_cause_is_no_news_until_its_time_has_come(store: Store, put: Put) -> None:
    put(dead())
    assert arrived(store) == 1
    snoozed(store, until=time.time() + 60)
    assert arrived(store) == 0
    assert tally(str(store), since=0.0).new_fingerprints == {}
    assert sum(tally(str(store), since=0.0).kept.values()) == 1
    with store.writing() as connection:
        connection.execute(update(fingerprints).values(snoozed_until=time.time() - 1))
    assert arrived(store) == 1


def test_a_snooze_for_so_many_letters_ends_when_they_have_arrived(store: Store, put: Put) -> None:
    put(dead())
    snoozed(store, letters=3)
    put(dead(), dead())
    assert (cause(store).snoozed_left, arrived(store)) == (1, 0)
    put(dead())
    assert (cause(store).snoozed_left, arrived(store)) == (None, 4)


def test_a_snooze_can_be_ended(store: Store, put: Put) -> None:
    put(dead())
    snoozed(store, letters=3)
    snoozed(store)
    assert arrived(store) == 1


@pytest.mark.parametrize("end", [{"letters": 5}, {"until": 9e9}])
def test_nobody_is_told_of_a_snoozed_cause(store: Store, put: Put, end: dict[str, Any]) -> None:
    put(dead())
    snoozed(store, **end)
    notices = Notices(store, interval=60.0)
    notices._arrived[cause(store).fingerprint, "gm1:4730"] = 1
    assert notices.due() == []
    snoozed(store)
    assert [notice.arrived for notice in notices.due()] == [1]
