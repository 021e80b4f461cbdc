"""Setting values in a payload."""

from collections.abc import Callable

import pytest

from gearmang.dead_letters.acting.changing import with_values
from gearmang.dead_letters.acting.editing import difference, edit
from gearmang.dead_letters.looking.browse import body, find
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.moves import move
from gearmang.dead_letters.store.seam import Store
from tests.unit.dead_letters.conftest import dead


@pytest.mark.parametrize(
    ("path", "value", "after"),
    [
        ("a", "2", b'{"a":2,"b":[{"c":1}]}'),
        ("a", "text", b'{"a":"text","b":[{"c":1}]}'),
        ("b.0.c", "null", b'{"a":1,"b":[{"c":null}]}'),
        ("new", "[]", b'{"a":1,"b":[{"c":1}],"new":[]}'),
    ],
)
def test_one_value_is_set(path: str, value: str, after: bytes) -> None:
    assert with_values(b'{"a": 1, "b": [{"c": 1}]}', {path: value}) == after


@pytest.mark.parametrize("path", ["a.b", "b.7", "x.y", "b.c"])
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(NotAllowed):
        with_values(b'{"a": 1, "b": [1]}', {path: "1"})


def test_a_payload_that_is_no_json_is_refused() -> None:
    with pytest.raises(NotAllowed, match="--data"):
        with_values(b"\xff", {"a": "1"})


def test_the_difference_shows_only_what_changed() -> None:
    told = difference(b'{"a": 1, "b": 2, "c": 3, "d": 4}', b'{"a": 1, "b": 9, "c": 3, "d": 4}')
    assert '-  "b": 2,' in told
    assert '+  "b": 9,' in told
    assert '"d"' not in told


def test_an_edit_is_refused_where_somebody_else_has_edited_meanwhile(
    store: Store, put: Callable[..., list[int]]
) -> None:
    job = dead(b"one")
    put(job)
    with store.writing() as connection:
        edit(connection, find(connection, job.death_id), b"one", b"two", why=None)
    with store.writing() as connection:
        row = find(connection, job.death_id)
        with pytest.raises(NotAllowed, match="somebody else"):
            edit(connection, row, b"one", b"three", why=None)
        assert body(connection, row.id).payload == b"two"


def test_only_a_dead_letter_is_edited(store: Store, put: Callable[..., list[int]]) -> None:
    job = dead(b"one")
    ids = put(job)
    with store.writing() as connection:
        move(connection, ids, "dead", "removed", plan=None)
        with pytest.raises(NotAllowed, match="removed"):
            edit(connection, find(connection, job.death_id), b"one", b"two", why=None)
