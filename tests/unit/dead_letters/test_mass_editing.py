"""A plan that changes payloads: carried out letter by letter, and taken back."""

from collections.abc import Callable
from typing import Any

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.changing import Change
from gearmang.dead_letters.acting.editing import edit
from gearmang.dead_letters.acting.mass_editing import Changed, edit_letters, samples
from gearmang.dead_letters.acting.removal import Undone, undo
from gearmang.dead_letters.looking.browse import body, find
from gearmang.dead_letters.looking.history import lineage
from gearmang.dead_letters.store.moves import move
from gearmang.dead_letters.store.seam import Store
from tests.unit.dead_letters.conftest import dead

Put = Callable[..., list[int]]
CHANGE = Change(settings=(("a", "2"),))


def plan_of(store: Store, ids: list[int], change: Change = CHANGE) -> Any:
    with store.writing() as connection:
        return plans.propose(
            connection, "edit", ids=ids, told="by hand", why="test", change=change.written()
        )


def payload(store: Store, identity: int) -> bytes:
    with store.reading() as connection:
        return bytes(body(connection, identity).payload)


def test_each_letter_is_told_by_what_became_of_it(store: Store, put: Put) -> None:
    edited, unchanged, unfit, gone = put(dead(), dead(b'{"a": 2}'), dead(b"no JSON"), dead())
    plan = plan_of(store, [edited, unchanged, unfit, gone])
    with store.writing() as connection:
        move(connection, [gone], "dead", "removed", plan=None)
    done = edit_letters(store, plan)
    assert done[:4] == (1, 1, 1, 1)
    assert "no JSON" in done.reason
    assert payload(store, edited) == b'{"a":2}'


def test_what_the_payload_was_is_in_the_lineage(store: Store, put: Put) -> None:
    job = dead()
    ids = put(job)
    edit_letters(store, plan_of(store, ids))
    with store.reading() as connection:
        steps = [step for step in lineage(connection, job.job_id) if step.what == "edited"]
        size = find(connection, job.death_id).payload_bytes
    assert ("--set a=2", size) in [(step.detail, len(b'{"a":2}')) for step in steps]


def test_an_edit_is_taken_back(store: Store, put: Put) -> None:
    ids = put(dead(), dead())
    plan = plan_of(store, ids)
    edit_letters(store, plan)
    assert undo(store, plan.plan) == Undone(restored=2, kept=0)
    assert [payload(store, identity) for identity in ids] == [b'{"a": 1}'] * 2


def test_what_somebody_has_edited_or_taken_since_then_stays_as_it_is(
    store: Store, put: Put
) -> None:
    job = dead()
    mine, theirs, gone = put(dead(), job, dead())
    plan = plan_of(store, [mine, theirs, gone])
    edit_letters(store, plan)
    with store.writing() as connection:
        edit(connection, find(connection, job.death_id), b'{"a":2}', b'{"a":3}', why=None)
        move(connection, [gone], "dead", "removed", plan=None)
    assert undo(store, plan.plan) == Undone(restored=1, kept=2)
    assert [payload(store, one) for one in (mine, theirs)] == [b'{"a": 1}', b'{"a":3}']


def test_two_edits_are_taken_back_one_after_the_other(store: Store, put: Put) -> None:
    ids = put(dead())
    first, second = plan_of(store, ids), plan_of(store, ids, Change(settings=(("a", "3"),)))
    edit_letters(store, first)
    edit_letters(store, second)
    undo(store, second.plan)
    assert payload(store, ids[0]) == b'{"a":2}'


def test_three_differences_are_shown_and_why_one_cannot_be_changed(store: Store, put: Put) -> None:
    ids = put(dead(b"no JSON"), *(dead() for _ in range(5)))
    plan = plan_of(store, ids)
    with store.reading() as connection:
        shown = samples(connection, plan)
    assert [bool(one.difference) for one in shown] == [True, True, True, False]
    assert "no JSON" in str(shown[3].refused)


def test_a_run_that_was_cut_off_goes_on_with_what_is_left(store: Store, put: Put) -> None:
    ids = put(dead(), dead())
    plan = plan_of(store, ids)
    with store.writing() as connection:
        plans.settle(connection, plan.plan, ids[:1], "edited")
    assert edit_letters(store, plan) == Changed(edited=1)
    assert payload(store, ids[0]) == b'{"a": 1}'
