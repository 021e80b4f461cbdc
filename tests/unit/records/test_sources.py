"""Which files hold the records."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

import duckdb
import pytest

from gearmang.records.database import opened
from gearmang.records.errors import RecordsError
from gearmang.records.sources import find, packed_or_plain
from tests.unit.records.conftest import Write, line

SINCE = datetime(2026, 11, 24, 10, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "name",
    [
        "tasks-2026112410.jsonl",
        "tasks-2026112410.jsonl.1",
        "tasks-2026112410.jsonl.2.gz",
        "tasks.jsonl-20261124",
        "tasks.jsonl-20261124.gz",
        "gm1-20261124.jsonl",
        "tasks-20261124.jsonl.zst",
        "tasks-20261124-0123456789ab.parquet",
        "reshipped-20261124101112.jsonl",
        "app.log",
    ],
)
def test_every_file_that_our_samples_make_is_read(name: str) -> None:
    assert packed_or_plain(name)


@pytest.mark.parametrize(
    "name", ["tasks.jsonl.sha256", "reshipped-20261124101112.part", "a.txt", "a.jsonl.bak", "jsonl"]
)
def test_other_files_are_not(name: str) -> None:
    assert not packed_or_plain(name)


def test_rotated_and_packed_files_count_with_the_others(write: Write) -> None:
    for name in ("a.jsonl", "a.jsonl.1", "a.jsonl.2.gz", "gm1-20261124.jsonl"):
        folder = write(line(), name=name)
    with opened([str(folder)]) as database:
        assert database.ask("SELECT count(*) FROM records").rows == [(4,)]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("tasks-2026112409.jsonl", False),
        ("tasks-2026112410.jsonl", True),
        ("tasks-2026112409.jsonl.1", False),
        ("gm1-20261122.jsonl", False),
        ("gm1-20261123.jsonl", True),  # of a centre west of Greenwich it is not over yet
        ("gm1-20261124.jsonl", True),
        ("tasks-20261122.parquet", False),
        ("tasks-20261122-0123456789ab.parquet", False),
        ("tasks-20261124.parquet", True),
        ("gm1-20269999.jsonl", True),
        ("app.jsonl", True),
    ],
)
def test_files_of_times_that_were_over_are_left_unread(
    tmp_path: Path, name: str, read: bool
) -> None:
    (tmp_path / name).touch()
    assert bool(find([str(tmp_path)], SINCE).all) is read


def test_a_file_that_the_user_names_and_that_is_none_is_an_error(tmp_path: Path) -> None:
    odd = tmp_path / "records.txt"
    odd.write_text("{}")
    with pytest.raises(RecordsError, match="is no file of records"):
        find([str(odd)])


@pytest.mark.skipif(os.getuid() == 0, reason="root may read every file")
def test_a_file_that_the_user_names_and_may_not_read_is_an_error(write: Write) -> None:
    path = write(line()) / "tasks-2026112410.jsonl"
    path.chmod(0)
    with pytest.raises(RecordsError, match="cannot be read: Permission denied"):
        find([str(path)])


# DuckDB 2 needs Python 3.11.
notices_torn_files = pytest.mark.skipif(
    int(duckdb.__version__.split(".")[0]) < 2, reason="DuckDB 1 reads what is left of a torn file"
)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("half.jsonl.gz", marks=notices_torn_files),
        "empty.jsonl.gz",
        "a.parquet",
    ],
)
def test_a_bad_file_in_a_folder_is_left_out_and_named(write: Write, name: str) -> None:
    folder = write(*(line() for _ in range(500)), name="whole.jsonl.gz")
    write(*(line() for _ in range(500)), name=name)
    bad = folder / name
    data = bad.read_bytes()
    bad.write_bytes(b"" if name.startswith("empty") else data[: len(data) // 2])
    with opened([str(folder)]) as database:
        assert database.ask("SELECT count(*) FROM records").rows == [(500,)]
        assert list(database.left_out) == [str(bad)]


@notices_torn_files
def test_a_bad_file_that_the_user_names_is_an_error(write: Write) -> None:
    path = write(line(), name="a.jsonl.gz") / "a.jsonl.gz"
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(RecordsError, match=r"a\.jsonl\.gz"), opened([str(path)]) as database:
        database.ask("SELECT count(*) FROM records")


def test_globs_take_only_files_of_records(write: Write, tmp_path: Path) -> None:
    folder = write(line(), name="a.jsonl")
    (folder / "a.txt").touch()
    assert find([f"{folder}/a*"]).all == (f"{folder}/a.jsonl",)
    with pytest.raises(RecordsError, match="does not exist"):
        find([f"{tmp_path}/none*"])
