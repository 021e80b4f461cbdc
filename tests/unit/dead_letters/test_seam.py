"""Reading a store needs no permission to write it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.dead_letters.looking.browse import count
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.seam import Store
from tests.integration.dead_letters.letters import many, put

_NOBODY = 65534


@pytest.fixture
def reader(store: Store, tmp_path: Path) -> Iterator[Store]:
    """A store with three letters, as a member of its group finds it."""
    path = store.address.path
    assert path is not None
    put(store, *many(3))
    store.close()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    for folder in tmp_path.parents[:2]:
        folder.chmod(folder.stat().st_mode | 0o111)
    if os.geteuid() == 0:
        os.seteuid(_NOBODY)
    try:
        with Store(str(path)) as opened:
            yield opened
    finally:
        os.seteuid(os.getuid())
        path.chmod(0o644)
        tmp_path.chmod(0o755)


def test_who_may_only_read_a_store_that_nobody_writes_reads_it(reader: Store) -> None:
    with reader.reading() as connection:
        assert count(connection, Filter()) == 3


def test_who_may_only_read_a_store_that_is_written_reads_it(reader: Store) -> None:
    path = reader.address.path
    assert path is not None
    os.seteuid(os.getuid())
    path.chmod(0o644)
    path.parent.chmod(0o755)
    with Store(str(path)) as collector:
        put(collector, *many(1))
        path.parent.chmod(0o555)
        if os.getuid() == 0:
            os.seteuid(_NOBODY)
        with reader.reading() as connection:
            assert count(connection, Filter()) == 4
        os.seteuid(os.getuid())


def test_a_reader_sees_what_was_written_since_it_looked_first(reader: Store) -> None:
    path = reader.address.path
    assert path is not None
    with reader.reading() as connection:
        count(connection, Filter())
    os.seteuid(os.getuid())
    path.chmod(0o644)
    path.parent.chmod(0o755)
    with Store(str(path)) as collector:
        put(collector, *many(1))
    path.chmod(0o444)
    path.parent.chmod(0o555)
    if os.getuid() == 0:
        os.seteuid(_NOBODY)
    with reader.reading() as connection:
        assert count(connection, Filter()) == 4


def test_who_may_only_read_is_told_so_when_writing(reader: Store) -> None:
    with pytest.raises(StoreError, match="may not be written"), reader.writing():
        pass
