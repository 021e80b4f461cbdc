"""A plan: which letters come in, who carries it out, how it ends."""

from collections.abc import Callable
from typing import Any

import pytest

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.removal import carry_out, undo
from gearmang.dead_letters.looking.browse import count
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.looking.history import history
from gearmang.dead_letters.store.errors import AmbiguousId, NoSuchLetter, NotAllowed
from gearmang.dead_letters.store.moves import move
from gearmang.dead_letters.store.seam import Store
from tests.unit.dead_letters.conftest import dead

Put = Callable[..., list[int]]


def proposed(store: Store, ids: list[int], action: str = "remove") -> Any:
    with store.writing() as connection:
        return plans.propose(connection, action, ids=ids, told="by hand", why="test")


def in_state(store: Store, state: str) -> int:
    with store.reading() as connection:
        return count(connection, Filter(state=state))


def events(store: Store, plan: str) -> list[str]:
    with store.reading() as connection:
        found = history(connection, plan=plan)
    return [event.what for event in found if not event.what.startswith("plan to")]


def state_of(store: Store, plan: str) -> str:
    with store.reading() as connection:
        return str(plans.get(connection, plan).state)


def test_a_plan_by_ids_takes_only_letters_that_are_dead(store: Store, put: Put) -> None:
    first, second = put(dead(), dead())
    with store.writing() as connection:
        move(connection, [second], "dead", "removed", plan=None)
    assert proposed(store, [first, second]).letters == 1


def test_a_plan_by_filter_is_frozen_when_it_is_made(store: Store, put: Put) -> None:
    put(dead(), dead(function="mail"))
    with store.writing() as connection:
        plan = plans.propose(
            connection, "remove", chosen=Filter(function="resize"), told="f", why=None
        )
    put(dead())
    assert carry_out(store, plan) == (1, 0)
    assert in_state(store, "dead") == 2


def test_what_is_carried_out_is_done_and_told_and_can_be_taken_back(store: Store, put: Put) -> None:
    plan = proposed(store, put(dead(), dead()))
    assert carry_out(store, plan) == (2, 0)
    assert (in_state(store, "removed"), state_of(store, plan.plan)) == (2, "done")
    assert undo(store, plan.plan) == (2, 0)
    assert (in_state(store, "dead"), state_of(store, plan.plan)) == (2, "undone")
    assert events(store, plan.plan) == ["undo of remove: undone", "remove done"]


def test_a_letter_that_is_taken_back_is_settled(store: Store, put: Put) -> None:
    (letter,) = put(dead())
    plan = proposed(store, [letter])
    carry_out(store, plan)
    undo(store, plan.plan)
    with store.reading() as connection:
        assert plans.pending(connection, plan.plan, after=-1, limit=9, outcome="removed") == []
        assert plans.pending(connection, plan.plan, after=-1, limit=9, outcome="dead") == [letter]


def test_letters_that_are_dead_no_more_are_passed_over(store: Store, put: Put) -> None:
    first, second = put(dead(), dead())
    plan = proposed(store, [first, second])
    with store.writing() as connection:
        move(connection, [second], "dead", "resolved", plan=None)
    assert carry_out(store, plan) == (1, 1)


def test_an_error_leaves_a_plan_stopped_and_it_can_be_gone_on_with(store: Store, put: Put) -> None:
    plan = proposed(store, put(dead()))
    with pytest.raises(RuntimeError), plans.carried_out(store, plan):
        raise RuntimeError
    assert state_of(store, plan.plan) == "stopped"
    assert events(store, plan.plan) == ["remove stopped"]
    assert carry_out(store, plan) == (1, 0)


def test_a_failed_undo_is_written_down_as_stopped(
    store: Store, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = proposed(store, put(dead()))
    carry_out(store, plan)

    def breaks(*_arguments: object, **_options: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr("gearmang.dead_letters.acting.removal.take_back", breaks)
        with pytest.raises(RuntimeError):
            undo(store, plan.plan)
    assert state_of(store, plan.plan) == "stopped"
    assert undo(store, plan.plan).restored == 1


@pytest.mark.parametrize("state", ["proposed", "undone"])
def test_there_is_nothing_to_take_back_before_and_after(store: Store, put: Put, state: str) -> None:
    plan = proposed(store, put(dead()))
    if state == "undone":
        carry_out(store, plan)
        undo(store, plan.plan)
    with pytest.raises(NotAllowed, match=state):
        undo(store, plan.plan)


def test_a_plan_that_another_process_is_at_is_not_taken(
    store: Store, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = proposed(store, put(dead()))
    with store.writing() as connection:
        monkeypatch.setattr(plans, "this_process", lambda: "elsewhere:1+1")
        plans.take(connection, plan.plan, plans.OPEN)
    monkeypatch.setattr(plans, "this_process", lambda: "here:1+1")
    monkeypatch.setattr(plans, "is_alive", lambda *_: True)
    with pytest.raises(NotAllowed, match="being carried out by elsewhere"):
        carry_out(store, plan)
    monkeypatch.setattr(plans, "is_alive", lambda *_: False)
    assert carry_out(store, plan) == (1, 0)


def test_a_done_plan_is_not_carried_out_again(store: Store, put: Put) -> None:
    plan = proposed(store, put(dead()))
    carry_out(store, plan)
    with pytest.raises(NotAllowed, match="is done"):
        carry_out(store, plan)


def test_a_plan_is_found_by_its_first_digits(store: Store, put: Put) -> None:
    ids = put(dead())
    made = {proposed(store, ids).plan for _ in range(17)}
    with store.reading() as connection:
        plan = next(iter(made))
        assert plans.get(connection, plan[:7]).plan in made
        with pytest.raises(NoSuchLetter):
            plans.get(connection, "zz")
        first = {plan[0] for plan in made}
        twice = next(digit for digit in first if sum(p[0] == digit for p in made) > 1)
        with pytest.raises(AmbiguousId, match="start of several"):
            plans.get(connection, twice)


def test_the_causes_of_a_plan_are_counted_the_largest_first(store: Store, put: Put) -> None:
    plan = proposed(store, put(dead(), dead(), dead(function="mail")))
    with store.reading() as connection:
        shares = plans.causes_of(connection, plan.plan)
    assert [(share.function, share.letters) for share in shares] == [("resize", 2), ("mail", 1)]
