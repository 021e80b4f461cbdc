"""A plan that is held up from another terminal, and goes on; a run that is asked to end."""

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from gearmang.dead_letters.acting import pausing, plans
from gearmang.dead_letters.acting.pausing import Reins, Stopped, pause, resume, standing, standings
from gearmang.dead_letters.acting.removal import carry_out
from gearmang.dead_letters.acting.requeue import requeue
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.seam import Store
from gearmang.job.client import Client
from tests.unit.dead_letters.conftest import FakeClient, dead

Put = Callable[..., list[int]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pausing, "_LOOK", 0.01)


def plan_of(store: Store, ids: list[int], action: str = "requeue") -> Any:
    with store.writing() as connection:
        return plans.propose(connection, action, ids=ids, told="by hand", why="test")


def taken(store: Store, plan: Any) -> None:
    with store.writing() as connection:
        plans.take(connection, plan.plan, plans.OPEN)


def state(store: Store, plan: Any) -> str:
    with store.reading() as connection:
        return standing(connection, plan.plan).state


def test_a_paused_plan_waits_until_it_is_resumed(store: Store, put: Put) -> None:
    plan = plan_of(store, put(dead()))
    taken(store, plan)
    with store.writing() as connection:
        pause(connection, plan.plan)
    told: list[str] = []

    def resume_when_told(text: str) -> None:
        told.append(text)
        if "paused by" in text:
            with store.writing() as connection:
                resume(connection, plan.plan)

    assert Reins(store, plan.plan, told=resume_when_told).hold() > 0
    assert len(told) == 2
    assert state(store, plan) == "under way"


def test_a_plan_that_is_not_paused_is_not_held_up(store: Store, put: Put) -> None:
    plan = plan_of(store, put(dead()))
    assert Reins(store, plan.plan).hold() == 0.0


def test_a_pause_comes_after_the_batch_at_hand_and_nothing_is_sent_meanwhile(
    store: Store, put: Put
) -> None:
    plan, client, sent = plan_of(store, put(dead(), dead(), dead())), FakeClient(), []

    def pause_after_the_first(_: int) -> None:
        if len(client.queued) == 1:
            with store.writing() as connection:
                pause(connection, plan.plan, why="the disk is full")

    def resume_when_told(text: str) -> None:
        sent.append(len(client.queued))
        with store.writing() as connection:
            if "paused by" in text:
                resume(connection, plan.plan)

    with plans.carried_out(store, plan):
        done = requeue(
            *(store, cast(Client, client), plan.plan),
            batch=1,
            reins=Reins(store, plan.plan, told=resume_when_told),
            progress=pause_after_the_first,
        )
    assert (sent, done.requeued) == ([1, 1], 3)


def test_a_run_that_is_to_end_says_so_and_its_plan_can_be_gone_on_with(
    store: Store, put: Put
) -> None:
    plan, stop = plan_of(store, put(dead(), dead()), "remove"), threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        carry_out(store, plan, reins=Reins(store, plan.plan, stop=stop))
    assert state(store, plan) == "stopped"
    assert carry_out(store, plan) == (2, 0)


def test_only_what_is_under_way_is_paused_and_only_what_is_paused_is_resumed(
    store: Store, put: Put
) -> None:
    plan = plan_of(store, put(dead()))
    with store.writing() as connection:
        with pytest.raises(NotAllowed, match="proposed"):
            pause(connection, plan.plan)
        with pytest.raises(NotAllowed, match="not paused"):
            resume(connection, plan.plan)
        plans.take(connection, plan.plan, plans.OPEN)
        pause(connection, plan.plan)
        with pytest.raises(NotAllowed, match="paused already"):
            pause(connection, plan.plan)
        plans.finish(connection, plan.plan, "stopped")
        with pytest.raises(NotAllowed, match=f"requeue --plan {plan.plan}"):
            resume(connection, plan.plan)


def test_a_plan_that_is_taken_again_is_not_paused_any_more(store: Store, put: Put) -> None:
    plan = plan_of(store, put(dead()))
    taken(store, plan)
    with store.writing() as connection:
        pause(connection, plan.plan)
    taken(store, plan)
    assert state(store, plan) == "under way"


def test_a_plan_whose_process_is_gone_is_cut_off(store: Store, put: Put) -> None:
    plan = plan_of(store, put(dead()))
    taken(store, plan)
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE dead_letter_plans SET owner = 'elsewhere:1+1'")
        connection.exec_driver_sql("UPDATE dead_letter_plans SET owner_seen_at = 0")
    assert state(store, plan) == "cut off"


def test_what_is_done_and_what_is_left_is_counted(store: Store, put: Put) -> None:
    ids = put(dead(), dead(), dead())
    plan = plan_of(store, ids)
    other = plan_of(store, ids)
    with store.writing() as connection:
        plans.settle(connection, plan.plan, ids[:1], "requeued")
        plans.settle(connection, plan.plan, ids[1:2], "skipped")
        found = {one.plan: one for one in standings(connection)}
    one = found[plan.plan]
    assert (one.done, one.left, one.outcomes) == (2, 1, {"requeued": 1, "skipped": 1})
    assert found[other.plan].done == 0
