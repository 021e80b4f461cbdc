"""A worker, its collector and its callers at servers of other makes: as far as these go."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.errors import JobFailed
from gearmang.job.client import Client
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.other_servers import Geard, NewerGearmand, PerlServer
from tests.daemons.process import Process, await_that

TARGET = "tests.integration.worker.behaviours:act"
PATIENCE = 30.0  # seconds

Make = PerlServer | Geard | NewerGearmand


@pytest.fixture(params=[PerlServer, Geard, NewerGearmand])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    with request.param(tmp_path) as started:
        yield started


@pytest.fixture
def client(server: Make) -> Iterator[Client]:
    with Client([server.address]) as made:
        yield made


@pytest.fixture
def worker(server: Make, tmp_path: Path, notes: Path) -> Iterator[Process]:
    words = ("work", TARGET, "--function", "act", "--server", server.address, "--backoff", "1s")
    with Process([BIN / "gearmang", *words], tmp_path / "worker.log") as working:
        await_that(lambda: workers_of(server, "act") == 1, "it is registered")
        yield working


@pytest.fixture
def letters(server: Make, tmp_path: Path) -> Iterator[Path]:
    """The store of a collector."""
    store = tmp_path / "dead.db"
    words = ("collect", "--server", server.address, "--store", str(store))
    with Process([BIN / "gearmang", *words], tmp_path / "collect.log"):
        await_that(lambda: workers_of(server, "gearmang") == 1, "it is registered")
        yield store


def workers_of(server: Make, function: str) -> int:
    told = Gearmand.ask(server, "status")  # type: ignore[arg-type]  # it has a port
    rows = (line.split("\t") for line in told.splitlines())
    return next((int(row[3]) for row in rows if row[0] == function), 0)


def stored(store: Path) -> list[tuple[str, int]]:
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        return connection.execute("SELECT job_id, attempts FROM dead_letters").fetchall()


def test_jobs_are_done_and_their_results_reach_callers(
    server: Make, client: Client, worker: Process
) -> None:
    results = [client.call("act", b"describe %d" % n, timeout=PATIENCE) for n in range(50)]
    assert len({call.result().handle for call in results}) == 50
    assert client.do("act", b"parts", timeout=PATIENCE).raw == b"whole"


def test_a_job_in_the_background_is_done(
    server: Make, client: Client, worker: Process, notes: Path
) -> None:
    client.submit("act", b"note done")
    await_that(lambda: notes.read_text() == "done\n", "it is done", PATIENCE)


def test_a_caller_learns_why_its_job_failed(server: Make, client: Client, worker: Process) -> None:
    with pytest.raises(JobFailed, match="of no use"):
        client.do("act", b"value_error of no use", timeout=PATIENCE)


def test_a_job_that_fails_dies_once_all_its_attempts_are_used_up(
    server: Make, client: Client, worker: Process, letters: Path
) -> None:
    submitted = client.submit("act", b"value_error of no use")
    await_that(lambda: stored(letters), "its letter is stored", PATIENCE)

    ((job_id, attempts),) = stored(letters)
    if isinstance(server, PerlServer):
        assert attempts == 1  # nobody could count more: workers are told no keys there
    else:
        assert (job_id, attempts) == (submitted.job_id, 3)


def test_what_a_server_cannot_is_said_at_start(server: Make, worker: Process) -> None:
    said = {
        PerlServer: "tells workers no keys (Can't locate object method",
        Geard: "schedules no jobs",
        NewerGearmand: "is connected",
    }[type(server)]
    await_that(lambda: said in worker.output(), "it is said")


def test_a_job_that_is_retried_later_is_not_early(
    server: Make, client: Client, worker: Process, notes: Path
) -> None:
    if isinstance(server, PerlServer):
        pytest.skip("there are no retries where workers are told no keys")
    client.submit("act", b"fail_once")
    await_that(lambda: len(notes.read_text().splitlines()) == 2, "it was tried twice", PATIENCE)

    (one, first), (two, second) = (line.split() for line in notes.read_text().splitlines())
    assert (one, two) == ("1", "2")
    assert float(second) - float(first) >= 1


def test_whether_a_submission_joined_is_known_or_not(server: Make, client: Client) -> None:
    joined = [client.submit("f", 1, unique="key").joined for _ in range(2)]
    assert joined == ([False, True] if isinstance(server, NewerGearmand) else [None, None])
