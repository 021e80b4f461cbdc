"""Dead letters: collecting, a store of a million, requeueing; on SQLite and on PostgreSQL."""

import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gearman import GearmanClient
from sqlalchemy import text

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.requeue import DEFAULT_BATCH, requeue
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.moment import first_id
from gearmang.dead_letters.store.seam import Store
from gearmang.job.client import Client
from gearmang.job.submission import Packed
from tests.benchmarks.figure import Figure
from tests.daemons import postgresql
from tests.daemons.gearmand import Gearmand
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import many

COLLECTED = 20_000
KEPT = 1_000_000
FINGERPRINTS = 500
REQUEUED = 100_000
ONE_BY_ONE = 300  # letters of the baseline, which needs long for more
LOOKS = 7
BIN = Path(sys.executable).parent

_LETTERS = """
INSERT INTO dead_letters (id, death_id, job_id, state, fingerprint, function, server, error_type,
    error_message, attempts, worker, revision, payload_bytes, enqueued_at, died_at, stored_at)
WITH RECURSIVE n(i) AS (
    SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < CAST(:last AS BIGINT)
)
SELECT :first + i * :step_id, {digits} || '-3', '0', 'dead', 'f' || (i % CAST(:causes AS BIGINT)),
    'function' || (i % 20), 'gm1:4730', 'Error' || (i % 25), 'the image has no size', 3,
    'resize@host:1+2', 'r1', 100, :began, :began, :began + i * :step
FROM n
"""
_THE_REST = (
    "UPDATE dead_letters SET job_id = substr(death_id, 1, 32)",
    """
INSERT INTO dead_letter_bodies (id, payload, history)
SELECT id, :payload, :history FROM dead_letters
""",
    """
INSERT INTO dead_letter_fingerprints (fingerprint, function, error_type, error_message, place,
    state, first_seen, last_seen, dead)
SELECT fingerprint, min(function), min(error_type), 'the image has no size', 'a.py:f', 'new',
    min(stored_at), max(stored_at), count(*)
FROM dead_letters GROUP BY fingerprint
""",
    """
INSERT INTO dead_letter_arrivals (minute, fingerprint, arrived)
SELECT CAST(floor(stored_at / 60) AS BIGINT) AS minute, fingerprint, count(*)
FROM dead_letters GROUP BY minute, fingerprint
""",
)


def figures() -> Iterator[Figure]:
    cluster = postgresql.PostgreSQL().start()
    try:
        with tempfile.TemporaryDirectory(prefix="gearmang-bench-") as name:
            folder = Path(name)
            for engine in ("SQLite", "PostgreSQL"):
                with _store(engine, cluster, folder / "collected.db") as store:
                    yield from _collecting(engine, store, folder)
                with _store(engine, cluster, folder / "million.db") as store:
                    _fill(store, KEPT)
                    yield from _looking(engine, store)
                    yield from _requeueing(engine, store, folder)
    finally:
        cluster.remove()


def _store(engine: str, cluster: postgresql.PostgreSQL, path: Path) -> Store:
    """An empty store with tables."""
    store = Store(str(path) if engine == "SQLite" else cluster.new_database())
    migrate(store)
    return store


def _collecting(engine: str, store: Store, folder: Path) -> Iterator[Figure]:
    jobs = [(job.pack(), job.death_id) for job in many(COLLECTED)]
    with Gearmand(folder) as gearmand:
        url = store.address.url
        collect = [BIN / "gearmang", "collect", "--server", gearmand.address, "--store", url]
        work = [BIN / "gearmang", "work", "tests.benchmarks.dead_letters:no_op"]
        work += ["--function", "no-op", "--server", gearmand.address]
        baseline = _taken(gearmand, "no-op", jobs, work)
        collected = _taken(gearmand, "gearmang", jobs, collect)
    yield Figure(
        f"dead letters collected, {engine}, every commit durable",
        collected,
        "/s",
        2_000,
        "at least",
    )
    yield Figure(
        f"collecting against a no-op worker of ours, {engine}",
        collected / baseline,
        bound=0.5,
        sense="at least",
        detail=f"{collected:.0f}/s against {baseline:.0f}/s",
    )


def no_op(_job: object) -> None:
    """What the baseline's worker does."""


def _taken(
    gearmand: Gearmand, function: str, jobs: list[tuple[bytes, str]], command: list[object]
) -> float:
    """Jobs a second that a process takes from a full queue, from its first to its last."""
    with Client([gearmand.address]) as client:
        for _ in client.queue(Packed(function, data, unique) for data, unique in jobs):
            pass
    process = subprocess.Popen(
        [str(word) for word in command], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        first, began = _await(lambda: gearmand.functions()[function][0], below=len(jobs))
        _, ended = _await(lambda: gearmand.functions()[function][0], below=1)
    finally:
        process.terminate()
        process.wait(30)
    return first / (ended - began)


def _await(number: Callable[[], int], *, below: int) -> tuple[int, float]:
    deadline = time.monotonic() + 120
    while (found := number()) >= below:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{found} are still left")
        time.sleep(0.005)
    return found, time.monotonic()


def _fill(store: Store, count: int) -> None:
    """Letters of 500 causes, stored over the last day; by SQL, as only the result matters."""
    with store.writing() as connection:
        is_postgresql = connection.dialect.name == "postgresql"
        digits = "md5(i::text)" if is_postgresql else "lower(hex(randomblob(16)))"
        step = 86_400 / count
        began = time.time() - 86_400
        connection.execute(
            text(_LETTERS.replace("{digits}", digits)),
            {
                "last": count - 1,
                "first": first_id(began),
                "step_id": int(step * 1e6) << 10,
                "causes": FINGERPRINTS,
                "began": began,
                "step": step,
            },
        )
        for statement in _THE_REST:
            given = {"payload": b"x" * 100, "history": b"[]"} if ":payload" in statement else {}
            connection.execute(text(statement), given)
    if is_postgresql:
        with store.writing() as connection:
            connection.execute(text("ANALYZE"))


def _looking(engine: str, store: Store) -> Iterator[Figure]:
    gearmang = Gearmang(store.address.url)
    (newest,) = gearmang.json("list", "--limit", "1")
    looks: dict[str, tuple[float, tuple[str, ...]]] = {
        "list": (150, ("list",)),
        "list --function GLOB": (150, ("list", "--function", "function1*")),
        "list of one fingerprint": (150, ("list", "--fingerprint", "f77")),
        "list --since 10m": (150, ("list", "--since", "10m")),
        "show": (150, ("show", newest["id"])),
        "groups": (1_000, ("groups",)),
        "groups --since 1h": (1_000, ("groups", "--since", "1h")),
        "stats": (1_000, ("stats",)),
    }
    for name, (bound, words) in looks.items():
        took = _median(lambda words=words: gearmang.dead(*words))  # type: ignore[misc]  # mypy knows no such lambda
        yield Figure(f"{name} among a million, {engine}", took, "ms", bound)
    check = [str(BIN / "check_gearmang_dead_letters"), "--store", store.address.url]
    check += ["-w", "1", "-c", "2"]
    took = _median(lambda: subprocess.run(check, check=False, stdout=subprocess.DEVNULL))
    bare = _median(
        lambda: subprocess.run([*check[:1], "-h"], check=False, stdout=subprocess.DEVNULL)
    )
    yield Figure(
        f"check_gearmang_dead_letters on a million, {engine}",
        took,
        "ms",
        100,
        detail=f"the whole process; its -h takes {bare:.0f} ms",
    )


def _median(call: Callable[[], object]) -> float:
    """Milliseconds; everything is imported, each call opens the store anew."""
    took = []
    for _ in range(LOOKS):
        began = time.monotonic()
        call()
        took.append((time.monotonic() - began) * 1e3)
    return statistics.median(took)


def _requeueing(engine: str, store: Store, folder: Path) -> Iterator[Figure]:
    with Gearmand(folder) as gearmand:
        script = _one_by_one(gearmand, folder)
        single, _ = _requeued(store, gearmand, ONE_BY_ONE, batch=1)
        rate, grown = _requeued(store, gearmand, REQUEUED)
    yield Figure(f"requeue of 100,000, {engine}", rate, "/s", 5_000, "at least")
    yield Figure(
        f"requeue against the same, a letter at a time, {engine}",
        rate / single,
        bound=10,
        sense="at least",
        detail=f"{rate:.0f}/s against {single:.0f}/s",
    )
    yield Figure(
        f"requeue against a loop of pygearman's submit, delete, durable commit, {engine}",
        rate / script,
        detail=f"{rate:.0f}/s against {script:.0f}/s",
    )
    yield Figure(f"memory that the second half of a requeue adds, {engine}", grown, "MiB", 16)


def _one_by_one(gearmand: Gearmand, folder: Path) -> float:
    """The loop that a script without this project would run: submit, delete the row, commit."""
    with sqlite3.connect(folder / "one-by-one.db", isolation_level=None) as rows:
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("PRAGMA synchronous=FULL")
        rows.execute("CREATE TABLE letters (id INTEGER PRIMARY KEY, payload BLOB)")
        rows.executemany("INSERT INTO letters (payload) VALUES (?)", [(b"x" * 100,)] * ONE_BY_ONE)
        client = GearmanClient([gearmand.address])
        began = time.monotonic()
        for number, payload in rows.execute("SELECT * FROM letters").fetchall():
            client.submit_job(
                b"single",
                payload,
                unique=str(number).encode(),
                background=True,
                wait_until_complete=False,
            )
            rows.execute("DELETE FROM letters WHERE id = ?", (number,))
        took = time.monotonic() - began
    (folder / "one-by-one.db").unlink()
    return ONE_BY_ONE / took


def _requeued(
    store: Store, gearmand: Gearmand, count: int, *, batch: int = DEFAULT_BATCH
) -> tuple[float, float]:
    """Letters a second, and the MiB by which the process grew in the second half."""
    with store.writing() as connection:
        row = plans.propose(
            connection, "requeue", chosen=Filter(), told="bench", why=None, only_first=count
        )
        plans.take(connection, row.plan, ("proposed",))
    seen = [(0, _peak())]

    def advance(count: int) -> None:
        seen.append((seen[-1][0] + count, _peak()))

    began = time.monotonic()
    with Client([gearmand.address]) as client:
        requeue(store, client, row.plan, batch=batch, progress=advance)
    rate = count / (time.monotonic() - began)
    half = next(peak for done, peak in seen if done >= count / 2)
    return rate, seen[-1][1] - half


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
