"""Setting values in a payload."""

import pytest

from gearmang.dead_letters.acting.editing import difference, with_values
from gearmang.dead_letters.store.errors import NotAllowed


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
