"""Letters change state only from the state that they were seen in."""

from collections.abc import Callable

from gearmang.dead_letters.looking.browse import count
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.moves import discard, move
from gearmang.dead_letters.store.seam import Store
from tests.unit.dead_letters.conftest import dead

Put = Callable[..., list[int]]


def test_only_letters_in_the_state_before_are_moved(store: Store, put: Put) -> None:
    first, second = put(dead(), dead())
    with store.writing() as connection:
        move(connection, [second], "dead", "removed", plan=None)
        moved = move(connection, [first, second], "dead", "requeuing", plan="p")
    assert [row.id for row in moved] == [first]
    with store.reading() as connection:
        assert count(connection, Filter(state="removed")) == 1


def test_no_letters_are_no_statement(store: Store) -> None:
    with store.writing() as connection:
        assert move(connection, [], "dead", "removed", plan=None) == []


def test_what_is_discarded_is_counted_out_in_its_state(store: Store, put: Put) -> None:
    first, second = put(dead(), dead())
    with store.writing() as connection:
        move(connection, [second], "dead", "removed", plan=None)
        assert discard(connection, [first, second]) == 2
    with store.reading() as connection:
        assert count(connection, Filter(state=None)) == 0
