"""A search finds the same, whether letters are signed, changed since, pruned, or not signed yet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gearmang.dead_letters.acting.editing import edit
from gearmang.dead_letters.looking import searching
from gearmang.dead_letters.looking.browse import find, page
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.moves import discard
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.signing import forget_pruned, may_hold, sign_all, sign_some
from tests.unit.dead_letters.conftest import dead

Put = Callable[..., list[int]]


def found(store: Store, text: str) -> list[int]:
    with store.reading() as connection:
        return [letter.id for letter in page(connection, Filter(grep=text))]


def may(store: Store, text: str) -> list[int] | None:
    with store.reading() as connection:
        return may_hold(connection, [text.encode()])


def test_what_is_signed_is_found_and_what_cannot_hold_the_text_is_not_read(
    store: Store, put: Put
) -> None:
    one, two, three = put(dead(b"a needle"), dead(b"hay"), dead(b'{"a": "needles"}'))
    assert may(store, "needle") == [three, two, one]
    assert sign_all(store) == 3
    assert may(store, "needle") == [three, one]
    assert found(store, "needle") == [three, one]
    assert found(store, "bad") == [three, two, one]  # too short for signatures: all are read


def test_fewer_than_a_segment_wait_for_more(store: Store, put: Put) -> None:
    put(dead())
    assert sign_some(store) == 0


def test_a_letter_that_was_edited_since_is_found_by_what_it_holds_now(
    store: Store, put: Put
) -> None:
    job = dead(b"hay and straw")
    (identity,) = put(job)
    sign_all(store)
    with store.writing() as connection:
        edit(connection, find(connection, job.death_id), b"hay and straw", b"a needle", why=None)
    assert found(store, "needle") == [identity]
    sign_all(store)
    assert found(store, "needle") == [identity]
    assert found(store, "straw") == []


def test_letters_that_came_since_are_found(store: Store, put: Put) -> None:
    put(dead(b"hay"))
    sign_all(store)
    (identity,) = put(dead(b"a needle"))
    assert found(store, "needle") == [identity]


def test_segments_of_pruned_letters_are_forgotten(store: Store, put: Put) -> None:
    gone = put(dead(b"a needle"), dead(b"hay"))
    sign_all(store)
    (kept,) = put(dead(b"another needle"))
    sign_all(store)
    with store.writing() as connection:
        discard(connection, gone[:1])
        forget_pruned(connection)
    assert may(store, "needle") == [kept, gone[0]]
    with store.writing() as connection:
        discard(connection, gone[1:])
        forget_pruned(connection)
    assert may(store, "needle") == [kept]
    assert found(store, "needle") == [kept]


def test_what_else_letters_must_be_holds_for_those_that_are_signed(
    store: Store, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_AT_ONCE", 2)
    ids = put(*(dead(b"needle", function=name) for name in ("resize", "mail") * 4))
    sign_all(store)
    with store.reading() as connection:
        chosen = page(connection, Filter(grep="needle", function="mail"), limit=3)
    assert [letter.id for letter in chosen] == ids[:0:-2][:3]
