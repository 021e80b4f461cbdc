"""The migrations make exactly the tables that the code is written for."""

import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from gearmang.dead_letters.store import migrations
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import REVISION, VERSION_TABLE, metadata


def test_the_code_is_written_for_the_newest_migration() -> None:
    folder = ScriptDirectory(str(Path(str(migrations.__file__)).parent))
    assert folder.get_current_head() == REVISION


def test_the_tables_are_those_of_the_schema(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_several_may_migrate_at_once(empty_url: str) -> None:
    before: list[str | None] = []

    def run() -> None:
        with Store(empty_url) as store:
            before.append(migrate(store)[0])

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, before)) == [REVISION, "None"]


def test_a_store_of_a_newer_version_is_refused(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))  # noqa: S608  # a constant
    store.close()
    with pytest.raises(StoreError, match="9999"), store.reading():
        pass
    with pytest.raises(StoreError, match="newer"):
        migrate(store)


def test_a_store_without_tables_says_what_to_do(empty_url: str) -> None:
    with Store(empty_url) as store:
        store.make()
        with pytest.raises(StoreError, match="gearmang dead migrate"), store.reading():
            pass


def test_an_sqlite_store_is_readable_by_owner_and_group_and_survives_power_cuts(
    tmp_path: Path,
) -> None:
    path = tmp_path / "letters.db"
    with Store(str(path)) as store:
        migrate(store)
        with store.reading() as connection:
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        for file in tmp_path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o640
    with sqlite3.connect(path) as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "letters.db"
    path.write_bytes(b"not a database at all, but long enough to look at" * 100)
    with Store(str(path)) as store, pytest.raises(StoreError, match="damaged"), store.reading():
        pass
