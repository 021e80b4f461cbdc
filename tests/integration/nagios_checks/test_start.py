"""What a check imports: its start is most of what it costs."""

import json
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.integration.nagios_checks.plugin import FOLDER

HEAVY = ("argparse", "dataclasses", "logging", "pathlib", "ssl", "tempfile", "threading")
LIBRARIES = ("click", "duckdb", "gearman", "orjson", "rich", "sqlalchemy")


def imported(name: str, *options: object) -> set[str]:
    """The names of all modules that a run of the check imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", FOLDER / f"check_gearmang_{name}", *map(str, options)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


@pytest.mark.parametrize("name", ["queues", "workers", "uptime", "server"])
def test_a_check_of_a_server_imports_nothing_heavy(busy: Gearmand, name: str) -> None:
    healthy = ("--function", "resize", "-c", "10000000", "-w", "10000000")
    modules = imported(name, "-H", busy.address, *healthy)
    assert not modules & {*HEAVY, *LIBRARIES}
    assert "nagiosplugin.summary" in modules


def test_a_store_in_sqlite_is_read_without_the_database_library(tmp_path: Path) -> None:
    path = tmp_path / "letters.db"
    with Store(str(path)) as store:
        migrate(store)
    assert not imported("dead_letters", "--store", path) & {*LIBRARIES}


def test_records_are_read_without_the_analytics(tmp_path: Path) -> None:
    record = {"task": "resize", "outcome": "success", "duration_ms": 1.5}
    now = datetime.now(timezone.utc)
    path = tmp_path / f"tasks-{now:%Y%m%d%H}.jsonl"
    path.write_text(json.dumps({"ts": now.isoformat(), **record}) + "\n")
    assert "duckdb" not in imported("tasks", "--records", tmp_path)
