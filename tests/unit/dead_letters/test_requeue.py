"""Back to gearmand: claimed before, settled after, nothing taken twice."""

from collections.abc import Callable
from typing import Any

import pytest

from gearmang.dead_letters.acting import interrupted, plans
from gearmang.dead_letters.acting.interrupted import complete_interrupted
from gearmang.dead_letters.acting.requeue import reach, requeue
from gearmang.dead_letters.store.moves import move
from gearmang.dead_letters.store.seam import Store
from gearmang.errors import NotQueued
from gearmang.protocol.key import JobKey, mark_of
from tests.unit.dead_letters.conftest import FakeClient, dead
from tests.unit.dead_letters.test_plans import in_state, proposed

Put = Callable[..., list[int]]


def run(store: Store, client: Any, plan: Any, **options: Any) -> Any:
    with plans.carried_out(store, plan):
        return requeue(store, client, plan.plan, **options)


def test_each_letter_goes_bare_under_the_key_of_its_next_delivery(
    store: Store, put: Put, client: FakeClient
) -> None:
    job = dead(b"\x00raw\xff")
    plan = proposed(store, put(job), "requeue")
    assert run(store, client, plan)[:3] == (1, 0, 0)
    ((unique, sent),) = client.queued.items()
    key = JobKey.parse(unique)
    assert key is not None
    assert (key.job_id, key.delivery, key.attempt, key.mark) == (
        job.job_id,
        4,
        1,
        mark_of("resize"),
    )
    assert (sent.function, sent.payload) == ("resize", b"\x00raw\xff")
    assert in_state(store, "requeued") == 1


def test_each_plan_gives_a_letter_another_key_and_each_try_of_one_the_same(
    store: Store, put: Put, client: FakeClient
) -> None:
    ids = put(dead())
    first = proposed(store, ids, "requeue")
    second = proposed(store, ids, "requeue")
    run(store, client, first)
    with store.writing() as connection:
        move(connection, ids, "requeued", "dead", plan=None)
    run(store, client, second)
    deliveries = [JobKey.parse(unique).delivery for unique in client.queued]  # type: ignore[union-attr]
    assert deliveries == [4, 5]


def test_what_gearmand_refuses_stays_under_way_and_the_next_run_completes_it(
    store: Store, put: Put
) -> None:
    plan = proposed(store, put(dead(), dead(), dead()), "requeue")
    half = FakeClient(takes=1)
    with pytest.raises(NotQueued, match="stay `requeuing`"):
        run(store, half, plan)
    assert (in_state(store, "requeued"), in_state(store, "requeuing")) == (1, 2)
    whole = FakeClient()
    assert complete_interrupted(store, whole) == 2  # type: ignore[arg-type]
    assert in_state(store, "requeued") == 3
    assert not whole.queued.keys() & half.queued.keys()


def test_a_plan_whose_process_lives_is_left_alone(
    store: Store, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = proposed(store, put(dead()), "requeue")
    with pytest.raises(NotQueued):
        run(store, FakeClient(takes=0), plan)
    with store.writing() as connection:
        plans.take(connection, plan.plan, ("stopped",))
    monkeypatch.setattr(interrupted, "this_process", lambda: "another")
    assert complete_interrupted(store, FakeClient()) == 0  # type: ignore[arg-type]


def test_who_cannot_complete_a_plan_lets_go_of_it(store: Store, put: Put) -> None:
    plan = proposed(store, put(dead()), "requeue")
    with pytest.raises(NotQueued):
        run(store, FakeClient(takes=0), plan)
    with pytest.raises(NotQueued):
        complete_interrupted(store, FakeClient(takes=0))  # type: ignore[arg-type]
    with store.reading() as connection:
        left = plans.get(connection, plan.plan)
    assert (left.state, left.owner) == ("stopped", None)


def test_a_plan_that_this_process_could_not_let_go_of_is_completed(store: Store, put: Put) -> None:
    plan = proposed(store, put(dead()), "requeue")
    with pytest.raises(NotQueued):
        run(store, FakeClient(takes=0), plan)
    with store.writing() as connection:
        plans.take(connection, plan.plan, ("stopped",))
    assert complete_interrupted(store, FakeClient()) == 1  # type: ignore[arg-type]


def test_letters_that_name_no_function_stay_dead(
    store: Store, put: Put, client: FakeClient
) -> None:
    plan = proposed(store, put(dead(function=None), dead(function="gearmang")), "requeue")
    assert run(store, client, plan)[:3] == (0, 0, 2)
    assert (in_state(store, "dead"), client.queued) == (2, {})


def test_batches_and_the_most_that_are_wanted_are_kept(
    store: Store, put: Put, client: FakeClient
) -> None:
    plan = proposed(store, put(*(dead() for _ in range(5))), "requeue")
    told: list[int] = []
    with plans.carried_out(store, plan):
        released = requeue(store, client, plan.plan, batch=2, only=3, progress=told.append)  # type: ignore[arg-type]
    assert (released.requeued, len(released.ids), told) == (3, 3, [2, 1])


def test_an_unreachable_gearmand_is_told_before_any_letter_is_touched() -> None:
    class Nobody:
        def queue(self, _jobs: object) -> Any:
            raise NotQueued("refused")
            yield

    with pytest.raises(NotQueued, match="no letter was touched"):
        reach(Nobody())  # type: ignore[arg-type]
