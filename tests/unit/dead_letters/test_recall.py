"""Taking requeued jobs out of gearmand: what has started, or may have run, stays requeued."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from gearmang.dead_letters.acting import recall as recalling
from gearmang.dead_letters.acting.plans import carried_out, pending
from gearmang.dead_letters.acting.recall import complete_recall
from gearmang.dead_letters.acting.removal import undo
from gearmang.dead_letters.acting.requeue import requeue
from gearmang.dead_letters.store.moves import move
from gearmang.protocol.key import JobKey
from gearmang.protocol.wire import Packet
from tests.unit.dead_letters.conftest import SERVER, FakeClient, dead
from tests.unit.dead_letters.test_plans import in_state, proposed

if TYPE_CHECKING:
    from gearmang.dead_letters.store.seam import Store
    from gearmang.job.submission import Packed, Queued

Put = Callable[..., list[int]]
GET_STATUS_UNIQUE, STATUS_RES_UNIQUE = 41, 42


class FakeGearmand:
    """The queue of one gearmand, as far as a recall asks for it.

    Attributes:
        running: unique keys of jobs that a worker has.
        overtaken: keys of jobs that a worker takes in the moment of their cancelling.
    """

    def __init__(self) -> None:
        self.client = FakeClient()
        self.running: set[str] = set()
        self.overtaken: set[str] = set()
        self._asked: list[bytes] = []

    # as Connection
    def __call__(self, server: object, *, timeout: float) -> FakeGearmand:
        assert (server, timeout > 0) == (SERVER, True)
        return self

    def __enter__(self) -> FakeGearmand:
        return self

    def __exit__(self, *_: object) -> None: ...

    def send(self, *requests: bytes) -> None:
        for request in requests:
            assert int.from_bytes(request[4:8], "big") == GET_STATUS_UNIQUE
            self._asked.append(request[12:])

    def receive(self, _timeout: float) -> list[Packet]:
        answers = [self._status(unique) for unique in self._asked]
        self._asked.clear()
        return answers

    def _status(self, unique: bytes) -> Packet:
        key = unique.decode()
        known = b"1" if key in self.client.queued or key in self.running else b"0"
        running = b"1" if key in self.running else b"0"
        return Packet(STATUS_RES_UNIQUE, b"\0".join((unique, known, running, b"0", b"0", b"0")))

    # as Client
    def queue(self, jobs: Iterator[Packed]) -> Iterator[Queued]:
        for queued in self.client.queue(jobs):
            yield queued._replace(handle=queued.packed.unique)

    # as AdminClient
    def cancel_job(self, handle: str) -> None:
        if handle in self.overtaken:
            self.running.add(handle)
        else:
            del self.client.queued[handle]


@pytest.fixture
def gearmand(monkeypatch: pytest.MonkeyPatch) -> FakeGearmand:
    fake = FakeGearmand()
    monkeypatch.setattr(recalling, "Gearmand", fake)
    monkeypatch.setattr(recalling, "Client", lambda _servers: fake)
    monkeypatch.setattr(recalling, "AdminClient", lambda *_server, timeout: fake)
    return fake


@pytest.fixture
def plan(store: Store, put: Put, gearmand: FakeGearmand) -> Any:
    """Three letters that were requeued."""
    made = proposed(store, put(dead(), dead(), dead()), "requeue")
    with carried_out(store, made):
        requeue(store, gearmand.client, made.plan)  # type: ignore[arg-type]
    return made


def test_jobs_that_wait_are_cancelled_and_dead_again(
    store: Store, plan: Any, gearmand: FakeGearmand
) -> None:
    assert undo(store, plan.plan) == (3, 0)
    assert (in_state(store, "dead"), gearmand.client.queued) == (3, {})


def test_jobs_that_run_or_have_run_stay_requeued(
    store: Store, plan: Any, gearmand: FakeGearmand
) -> None:
    runs, has_run, _waits = gearmand.client.queued
    gearmand.running.add(runs)
    del gearmand.client.queued[has_run]
    assert undo(store, plan.plan) == (1, 2)
    assert (in_state(store, "dead"), in_state(store, "requeued")) == (1, 2)


def test_a_job_that_started_while_it_was_cancelled_stays_and_gets_a_copy(
    store: Store, plan: Any, gearmand: FakeGearmand
) -> None:
    overtaken = next(iter(gearmand.client.queued))
    gearmand.overtaken.add(overtaken)
    assert undo(store, plan.plan) == (2, 1)
    key = JobKey.parse(overtaken)
    assert key is not None
    assert str(key._replace(delivery=key.delivery + 1)) in gearmand.client.queued


def test_a_recall_that_was_killed_makes_dead_again_what_nobody_knows(
    store: Store, plan: Any, gearmand: FakeGearmand
) -> None:
    with store.writing() as connection:
        ids = pending(connection, plan.plan, after=-1, limit=9, outcome="requeued")
        move(connection, ids, "requeued", "recalling", plan=plan.plan)
    gearmand.client.queued.clear()
    assert complete_recall(store, plan.plan) == 3
    assert in_state(store, "dead") == 3
