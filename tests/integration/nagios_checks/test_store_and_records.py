"""The two checks that read files: dead letters and task records, in every state."""

import sqlite3
import time
from pathlib import Path

import pytest

import log_shipping
from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from log_shipping.configuration import settings
from tests.integration.dead_letters.letters import dead_job, put
from tests.integration.nagios_checks.plugin import check


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 4 dead letters of ``resize`` and 1 of ``mail``, all of them new."""
    path = tmp_path_factory.mktemp("store") / "letters.db"
    with Store(str(path)) as opened:
        migrate(opened)
        put(opened, *(dead_job() for _ in range(4)), dead_job(function="mail"))
    return path


@pytest.mark.parametrize(
    ("options", "state", "says"),
    [
        ("", "WARNING", "5 dead letters arrived within 1h (limit 0): 4 resize, 1 mail"),
        ("-w 5 -c 10", "OK", "5 dead letters arrived within 1h, and 5 dead letters kept"),
        ("-c 4", "CRITICAL", "5 dead letters arrived within 1h (limit 4)"),
        ("-c 4 --window 0", "OK", "0 dead letters arrived"),
        ("-c 4 --exclude mail", "OK", "4 dead letters arrived"),
        ("-c 9 --function resize=2,3 --function *", "CRITICAL", "resize has 4 dead letters"),
        ("-c 9 --total 3,9", "WARNING", "5 dead letters kept (limit 3): 4 resize, 1 mail"),
        ("-c 9 --total 3,4", "CRITICAL", "5 dead letters kept (limit 4)"),
        ("-c 9 --new CRITICAL", "CRITICAL", "never seen before: "),
        ("-c 9 --new CRITICAL --window 0", "OK", "0 dead letters arrived"),
    ],
)
def test_dead_letters(store: Path, options: str, state: str, says: str) -> None:
    run = check("dead_letters", "--store", store, *options.split())
    assert run.state == state, run
    assert says in run.line, run
    assert {"arrived", "kept"} <= run.perfdata.keys()
    assert run.stderr == ""


def test_dead_letters_have_series_a_function(store: Path) -> None:
    run = check("dead_letters", "--store", store)
    assert run.perfdata == {
        "arrived": 5,
        "kept": 5,
        "mail": 1,
        "mail--kept": 1,
        "resize": 4,
        "resize--kept": 4,
    }


def test_a_store_that_is_missing_or_none_is_critical(tmp_path: Path) -> None:
    (tmp_path / "garbage.db").write_bytes(b"not a database, whatever its name says" * 99)
    sqlite3.connect(tmp_path / "empty.db").close()
    for name in ("missing.db", "garbage.db", "empty.db", ""):
        run = check("dead_letters", "--store", tmp_path / name)
        assert run.state == "CRITICAL", run
        assert str(tmp_path) in run.line
        assert len(run.output.splitlines()) == 1


def test_a_password_in_the_address_of_a_store_is_shown_nowhere() -> None:
    url = "postgresql+psycopg://gearmang:hunter2@127.0.0.1:1/letters"
    run = check("dead_letters", "--store", url, "-vvv")
    assert run.state == "CRITICAL", run
    assert "hunter2" not in run.output + run.stderr


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 attempts of ``resize``, ended 60 s ago: 2 failed, one took 30 s, the others 1 s."""
    folder = tmp_path_factory.mktemp("records")
    before = settings.handler
    log_shipping.configure(path=folder)
    tasks = log_shipping.TaskLogger("resize")
    for number in range(20):
        seconds = 30 if number == 0 else 1
        tasks.emit(
            outcome="failure" if number < 2 else "success",
            started_at=time.time() - 60 - seconds,
            duration_ms=seconds * 1000,
            queue_ms=number * 100,
        )
    settings.handler = before
    with next(iter(folder.iterdir())).open("ab") as file:
        file.write(b'{"ts":"2026-11-24T00:00:00Z","torn')
    return folder


@pytest.mark.parametrize(
    ("options", "state", "says"),
    [
        ("", "WARNING", "resize failed in 10% (2 of 20 attempts) (limit 5%)"),
        ("-w 10", "OK", "20 attempts of 1 function within 1h"),
        ("-c 9.5", "CRITICAL", "resize failed in 10%"),
        ("-w 50 --p95 3s,1m", "OK", "20 attempts"),
        ("-w 50 --p95 500ms,3s", "WARNING", "p95 is 2.45s (limit 500ms)"),
        ("-w 50 --p95 0.1s,0.5s", "CRITICAL", "p95 is 2.45s (limit 500ms)"),
        ("-w 50 --p95 fast,3s", "UNKNOWN", "no range"),
        ("-w 50 --wait 1.5s,3s", "WARNING", "95% waited at most 1.81s (limit 1.5s)"),
        ("-w 50 --wait 1s,1.5s", "CRITICAL", "95% waited at most 1.81s (limit 1.5s)"),
        ("--slo 95 --good-within 10s --least-bad 2", "OK", "20 jobs of 1 function within 6h"),
        ("--slo 99 --good-within 10s --least-bad 2", "WARNING", "2 of 20 jobs within 6h died"),
        ("--slo 99.5 --good-within 10s --least-bad 2", "CRITICAL", "resize: 2 of 20 jobs within"),
        ("--slo 99.5 --good-within 10s", "OK", "20 jobs of 1 function"),
        ("--slo 99.5 --good-within 2s", "CRITICAL", "resize: 11 of 20 jobs within 1h died or came"),
        ("--slo 99.5 --function mail", "CRITICAL", "mail was not recorded within 6h"),
        ("--slo 99.5 --expect mail", "CRITICAL", "mail was not recorded within 1h"),
        ("--slo 99 --p95 0.1s,0.5s", "CRITICAL", "p95 is 2.45s (limit 500ms)"),
        ("--slo 50", "UNKNOWN", "'50' is no objective"),
        ("-w 50 --silence 30s,10m", "WARNING", "silent for 1m"),
        ("-w 50 --silence 30s,45s", "CRITICAL", "(limit 45s)"),
        ("-w 50 --expect mail", "CRITICAL", "mail was not recorded within 1h"),
        ("-w 50 --function mail", "CRITICAL", "mail was not recorded within 1h"),
        ("-w 50 --function res*=1,50", "WARNING", "resize failed in 10%"),
        ("-w 50 --window 10s", "UNKNOWN", "no task was recorded within 10s"),
    ],
)
def test_tasks(records: Path, options: str, state: str, says: str) -> None:
    run = check("tasks", "--records", records, *options.split())
    assert run.state == state, run
    assert says in run.line, run
    assert run.perfdata is not None
    assert run.stderr == ""


def test_tasks_have_a_series_a_quantity(records: Path) -> None:
    run = check("tasks", "--records", records)
    assert run.perfdata == {
        "resize--failed": 10,
        "resize--p95": 2.45,
        "resize--attempts": 20,
        "resize--wait": 1.805,
    }


def test_records_that_are_missing_are_critical(tmp_path: Path) -> None:
    run = check("tasks", "--records", tmp_path / "nowhere")
    assert run.state == "CRITICAL"
    assert str(tmp_path) in run.line


def test_records_have_to_be_named() -> None:
    run = check("tasks")
    assert run.state == "UNKNOWN"
    assert "--records PATH" in run.line
