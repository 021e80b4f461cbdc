"""A store on SQLite without disk waits, filled by hand; gearmand is a strict fake."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gearmang.dead_letters.arriving.letter import letter_of
from gearmang.dead_letters.arriving.storing import store_letters
from gearmang.dead_letters.looking.browse import find
from gearmang.dead_letters.store import seam
from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.moves import recount
from gearmang.dead_letters.store.seam import Store
from gearmang.errors import NotQueued
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from gearmang.job.submission import Packed, Queued
from gearmang.protocol.server import Server

SERVER = Server("gm1", 4730)
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("store") / "letters.db"
    with Store(str(path)) as store:
        migrate(store)
    return path.read_bytes()


@pytest.fixture
def store(_template: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(seam, "_PRAGMAS", ("foreign_keys=ON", "synchronous=OFF"))
    path = tmp_path / "letters.db"
    path.write_bytes(_template)
    with Store(str(path)) as opened:
        yield opened
        with opened.reading() as connection:
            assert recount(connection) == 0, "a counter differs from the letters that it counts"


def dead(
    payload: bytes = b'{"a": 1}', *, revision: str | None = "r1", **changes: object
) -> Envelope:
    """A job in the form of its dead letter; each has an id of its own."""
    last = Dossier(
        outcome="failure",
        error_type="ValueError",
        error_message="bad",
        frames=("shop.py:resize",),
        started_at=time.time() - 1,
        duration_seconds=0.5,
        revision=revision,
    )
    made = Envelope(
        payload=payload,
        job_id=f"{next(_NUMBERS):032x}",
        delivery=3,
        enqueued_at=time.time() - 60,
        function="resize",
        server=str(SERVER),
        history=(last,),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def put(store: Store) -> Callable[..., list[int]]:
    """Store letters, and give their ids."""

    def put(*jobs: Envelope, now: float | None = None) -> list[int]:
        at = time.time() if now is None else now
        letters = [letter_of(job.pack(), b"", server=str(SERVER), now=at) for job in jobs]
        store_letters(store, letters)
        with store.reading() as connection:
            return [find(connection, job.death_id).id for job in jobs]

    return put


class FakeClient:
    """Takes jobs as gearmand would; after ``takes`` of them it refuses.

    Attributes:
        queued: what it has taken, by unique key: as gearmand it joins what has the same.
    """

    def __init__(self, takes: int = 1_000_000) -> None:
        self.queued: dict[str, Packed] = {}
        self._takes = takes

    def queue(self, jobs: Iterator[Packed]) -> Iterator[Queued]:
        for job in jobs:
            job.request()  # raises for what cannot be sent
            if self._takes <= 0:
                raise NotQueued("gearmand refused it")
            self._takes -= 1
            self.queued[job.unique] = job
            yield Queued(job, f"H:gm1:{len(self.queued)}", SERVER)


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()
