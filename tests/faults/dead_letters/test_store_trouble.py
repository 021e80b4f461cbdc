"""A store that is locked, full or gone: nothing is completed, nothing is lost, and it is said."""

import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from gearmang.dead_letters.arriving.storing import store_letters
from gearmang.dead_letters.looking.history import history
from gearmang.dead_letters.looking.history import record as put_event
from gearmang.dead_letters.store.errors import StoreUnavailable
from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.daemons.postgresql import PostgreSQL
from tests.daemons.process import await_that
from tests.faults.dead_letters.killing import JOB_DIGITS, jobs_in, states
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import arrived, dead_job, many, put
from tests.integration.dead_letters.test_collect import collecting, is_drained, send

SAID = "nothing is completed until it is back"


@pytest.fixture
def cluster() -> Iterator[PostgreSQL]:
    """A PostgreSQL of its own, to be killed."""
    server = PostgreSQL()
    try:
        yield server.start()
    finally:
        server.remove()


@contextlib.contextmanager
def locked(store_url: str) -> Iterator[None]:
    """Another program has a lock and does not let it go."""
    if store_url.startswith("postgresql"):
        with psycopg.connect(store_url) as connection:
            connection.execute("LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE")
            yield
    else:
        with contextlib.closing(sqlite3.connect(store_url, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield


def collects_through(
    trouble: Callable[[subprocess.Popen[bytes]], contextlib.AbstractContextManager[None]],
    store: Store,
    gearmand: Gearmand,
    log: Path,
) -> None:
    """A collector meets trouble with its store, and goes on when it is over."""
    before, meanwhile = [*many(20)], [*many(300)]
    with collecting(Gearmang(store.address.url), gearmand, log=log) as collector:
        send(gearmand, *before)
        await_that(lambda: is_drained(gearmand), "the first are stored")
        with trouble(collector):
            send(gearmand, *meanwhile)
            await_that(lambda: SAID in log.read_text(), "the trouble is said")
            assert gearmand.functions()["gearmang"][0] == len(meanwhile)
        await_that(lambda: is_drained(gearmand), "the others are stored")
        assert "is back" in log.read_text()
    assert len(states(store)) == len(before) + len(meanwhile)
    assert "Traceback" not in log.read_text()


def test_a_locked_store(store: Store, gearmand: Gearmand, tmp_path: Path) -> None:
    url = store.address.url.replace("+psycopg", "").removeprefix("sqlite+pysqlite:///")
    collects_through(lambda _: locked(url), store, gearmand, tmp_path / "log")


def test_a_full_disk(gearmand: Gearmand, tmp_path: Path) -> None:
    path = tmp_path / "letters.db"

    @contextlib.contextmanager
    def full(collector: subprocess.Popen[bytes]) -> Iterator[None]:
        # No file of the process may grow: its writes fail as on a full disk.
        size = path.with_name("letters.db-wal").stat().st_size
        _, hard = resource.prlimit(collector.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(collector.pid, resource.RLIMIT_FSIZE, (size, hard))
        yield
        resource.prlimit(collector.pid, resource.RLIMIT_FSIZE, (hard, hard))

    with Store(str(path)) as store:
        migrate(store)
        collects_through(full, store, gearmand, tmp_path / "log")


def test_a_store_file_that_is_moved_away_and_back(gearmand: Gearmand, tmp_path: Path) -> None:
    path, away = tmp_path / "letters.db", tmp_path / "away.db"

    @contextlib.contextmanager
    def gone(_: object) -> Iterator[None]:
        path.rename(away)
        yield
        away.rename(path)

    with Store(str(path)) as store:
        migrate(store)
        store.close()
        collects_through(gone, store, gearmand, tmp_path / "log")


def test_a_database_that_is_killed_and_started_again(
    cluster: PostgreSQL, gearmand: Gearmand, tmp_path: Path
) -> None:
    @contextlib.contextmanager
    def gone(_: object) -> Iterator[None]:
        cluster.kill()
        yield
        cluster.start()

    with Store(cluster.new_database()) as store:
        migrate(store)
        collects_through(gone, store, gearmand, tmp_path / "log")


def test_a_database_that_is_killed_during_a_requeue(
    cluster: PostgreSQL, gearmand: Gearmand, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with Store(cluster.new_database()) as store:
        migrate(store)
        put(store, *many(200))
        gearmang = Gearmang(store.address.url, gearmand.address)
        run = gearmang.start(
            *("dead", "requeue", "--function", "resize", "--yes", "--batch", "5", "--rate", "50"),
            log=log,
        )
        await_that(lambda: gearmand.functions().get("resize", (0,))[0] > 20, "it is at work")
        cluster.kill()
        assert run.wait(30) == 1
        assert "is not available" in log.read_text()
        assert "Traceback" not in log.read_text()
        cluster.start()
        gearmang.dead("requeue", "--function", "resize", "--yes")
        jobs = jobs_in(gearmand)
        found = states(store)
    assert set(found.values()) == {"requeued"}
    assert all(jobs[death[:JOB_DIGITS]] == 1 for death in found)


def test_a_database_that_freezes_is_given_up_in_time(cluster: PostgreSQL) -> None:
    with Store(cluster.new_database(), timeout=2.0, patience=1.0) as store:
        migrate(store)
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            freeze_in_the_middle(store)
        assert time.monotonic() - began < 5
        with store.reading() as connection:
            assert history(connection) == []


def freeze_in_the_middle(store: Store) -> None:
    with store.writing() as connection:
        put_event(connection, "before")
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        os.kill(backend, signal.SIGSTOP)
        try:
            put_event(connection, "while it is frozen")
        finally:
            os.kill(backend, signal.SIGCONT)


def test_a_locked_store_ends_an_action_in_time_and_changes_nothing(
    store: Store, store_url: str
) -> None:
    put(store, *many(3))
    store.close()
    impatient = Store(store_url, timeout=1.0)
    with locked(store_url), impatient, pytest.raises(StoreUnavailable):
        store_letters(impatient, arrived(dead_job()))
    assert set(states(store).values()) == {"dead"}
