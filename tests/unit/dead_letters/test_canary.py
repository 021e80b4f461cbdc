"""The careful requeue: what counts as done, and what as dead."""

from typing import cast

import pytest

from gearmang.dead_letters.acting import canary as course
from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.canary import Stage, canary
from gearmang.dead_letters.store.seam import Store
from gearmang.job.client import Client
from tests.integration.dead_letters.letters import dead_job, put
from tests.unit.dead_letters.conftest import SERVER, FakeClient


def test_a_job_whose_death_waits_for_the_collector_has_not_succeeded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = dead_job()
    again = dead_job(job_id=job.job_id, tries=5)
    looks = 0

    class Admin:
        """Sees the letter on its way for five looks; then the collector has stored it."""

        def __init__(self, *_: object, timeout: float) -> None: ...

        def __enter__(self) -> "Admin":
            return self

        def __exit__(self, *_: object) -> None: ...

        def unique_jobs(self) -> list[str]:
            nonlocal looks
            looks += 1
            if looks == 6:
                put(store, again)
            return [again.death_id] if looks < 6 else []

    monkeypatch.setattr(course, "AdminClient", Admin)
    monkeypatch.setattr(course, "_LOOK", 0.0)
    put(store, job)
    with store.writing() as connection:
        ids = [*connection.exec_driver_sql("SELECT id FROM dead_letters").scalars()]
        plan = plans.propose(connection, "requeue", ids=ids, told="all", why=None)
    stages: list[Stage] = []
    client = cast(Client, FakeClient())
    with plans.carried_out(store, plan):
        canary(store, client, [SERVER], plan.plan, first=1, patience=60.0, told=stages.append)
    assert [(stage.succeeded, stage.died) for stage in stages] == [(0, 1)]
