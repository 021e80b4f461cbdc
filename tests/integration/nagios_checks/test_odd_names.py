"""Function names that are hard on plugins: the output stays one that Nagios reads."""

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.daemons.registrations import Registrations
from tests.integration.dead_letters.letters import dead_job, put
from tests.integration.nagios_checks.plugin import Run, check

NAMES = {
    "quote": b"it's",
    "equals": b"a=b",
    "bar": b"a|b",
    "newline": b"a\nb",
    "tab": b"a\tb",
    "space": b"a b",
    "300 bytes": b"x" * 300,
    "another 300 bytes": b"x" * 299 + b"y",
    "not UTF-8": b"caf\xe9",
    "UTF-8": "café ☕".encode(),
    "terminal escape": b"\x1b[31mred",
    "a label of ours": b"_others",
    "another label of ours": b"arrived",
    "percent and dollar": b"100%$HOME`id`",
    "backslash": b"a\\nb",
    "only spaces": b"  ",
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gearmand]:
    """A gearmand whose functions have such names, each with a worker and three jobs."""
    with (
        Gearmand(tmp_path_factory.mktemp("odd"), options=("--verbose", "NOTICE")) as gearmand,
        Registrations(gearmand) as there,
    ):
        for name in NAMES.values():
            there.worker([name])
            there.submit(name, 3)
        yield gearmand


@pytest.mark.parametrize("name", ["queues", "workers", "uptime"])
@pytest.mark.parametrize("verbose", ["", "-v", "-vvv"])
def test_the_output_is_what_nagios_reads(odd: Gearmand, name: str, verbose: str) -> None:
    run = check(name, "-H", odd.address, "-w", "0", "--limit", 50, *verbose.split())
    assert run.state in {"WARNING", "CRITICAL"}, run
    text = run.output.replace("\n", "")
    assert text.isprintable(), "no control character reaches Nagios"
    if name != "uptime":  # these workers have no ids, so no ages
        assert len(run.perfdata) == len(NAMES), "one series a function"
    assert run.stderr == ""


def test_labels_are_the_same_from_run_to_run(odd: Gearmand) -> None:
    first, second = (check("queues", "-H", odd.address, "--limit", 50) for _ in range(2))
    assert first.perfdata == second.perfdata


def test_the_output_stays_within_8_kib(odd: Gearmand) -> None:
    run = check("queues", "-H", odd.address, "-w", "0", "-vvv")
    assert len(run.output.encode()) <= 8192


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_found_by_its_name(odd: Gearmand, name: str) -> None:
    glob = NAMES[name].decode("utf-8", "surrogateescape").replace("[", "[[]").replace("=", "[=]")
    run = check("queues", "-H", odd.address, "-c", "2", "--function", glob)
    assert run.state == "CRITICAL", run
    assert "3 waiting (limit 2)" in run.line


TEXTS = [name.decode("utf-8", "backslashreplace") for name in NAMES.values()]


def fits_nagios(run: Run) -> bool:
    return run.output.replace("\n", "").isprintable() and run.stderr == ""


def test_dead_letters_of_such_functions(tmp_path: Path) -> None:
    path = tmp_path / "letters.db"
    with Store(str(path)) as store:
        migrate(store)
        put(store, *(dead_job(function=name) for name in TEXTS))
    run = check("dead_letters", "--store", path, "--new", "CRITICAL", "--limit", 50, "-v")
    assert run.state == "CRITICAL", run
    assert fits_nagios(run)
    assert len(run.perfdata) == 2 + 2 * len(TEXTS), "arrived and kept, of each and of all"


def test_records_of_such_tasks(tmp_path: Path) -> None:
    started = datetime.now(timezone.utc).isoformat()
    with (tmp_path / f"tasks-{datetime.now(timezone.utc):%Y%m%d%H}.jsonl").open("w") as file:
        for name in TEXTS:
            record = {"ts": started, "task": name, "outcome": "failure", "duration_ms": 1.5}
            file.write(json.dumps(record) + "\n")
    run = check("tasks", "--records", tmp_path, "--limit", 50, "-v")
    assert run.state == "CRITICAL", run
    assert fits_nagios(run)
    assert len(run.perfdata) == 3 * len(TEXTS), "failed, p95 and attempts of each"
