"""A store of each engine: every test here runs on SQLite and on a real PostgreSQL."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from tests.daemons import postgresql
from tests.integration.dead_letters.command import Gearmang


@functools.cache
def _migrated_database() -> str:
    """The name of a database with tables, of which each test gets a copy."""
    url = postgresql.shared().new_database()
    with Store(url) as store:
        migrate(store)
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_url(engine: str, tmp_path: Path) -> str:
    """The address of a store without tables."""
    if engine == "sqlite":
        return str(tmp_path / "letters.db")
    return postgresql.shared().new_database()


@pytest.fixture
def store_url(engine: str, tmp_path: Path) -> str:
    """The address of a store with tables and no letters."""
    if engine == "postgresql":
        return postgresql.shared().new_database(_migrated_database())
    url = str(tmp_path / "letters.db")
    with Store(url) as store:
        migrate(store)
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store(store_url, timeout=5.0) as opened:
        yield opened


@pytest.fixture
def gearmang(store_url: str) -> Gearmang:
    """The command, run as its users run it."""
    return Gearmang(store_url)
