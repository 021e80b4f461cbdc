"""Old records are packed, verified, and only then removed."""

from datetime import date
from pathlib import Path

import fsspec
import pytest

from gearmang.records.archive import days_before, pack, remove
from gearmang.records.database import opened
from gearmang.records.errors import RecordsError
from tests.unit.records.conftest import Write, line

DAY = date(2026, 11, 10)


def count(place: str) -> int:
    with opened([place]) as database:
        ((number,),) = database.ask("SELECT count(*) FROM records").rows
        return int(number)


def test_whole_days_before_a_day_are_found_and_nothing_else(write: Write) -> None:
    for name in ("tasks-2026111000.jsonl", "tasks-2026111023.jsonl", "tasks-2026111100.jsonl"):
        folder = write(line(), name=name)
    write(line(), name="ingested.jsonl")
    found = days_before([str(folder)], date(2026, 11, 11))
    assert list(found) == [DAY]
    assert len(found[DAY]) == 2


@pytest.mark.parametrize("form", ["zstd", "parquet"])
def test_a_day_is_packed_and_read_back(write: Write, tmp_path: Path, form: str) -> None:
    write(line(), line(fields={"a": {"b": 1}}), name="tasks-2026111000.jsonl")
    folder = write(line(), name="tasks-2026111001.jsonl")
    sources = days_before([str(folder)], date(2026, 11, 11))[DAY]
    packed = pack(DAY, sources, str(tmp_path / "archive"), form)  # type: ignore[arg-type]  # a parameter
    remove(sources)
    assert packed.packed == 3
    assert list(folder.iterdir()) == []
    assert count(str(tmp_path / "archive")) == 3
    with opened([str(tmp_path / "archive")]) as database:
        rows = database.ask(
            "SELECT json_extract_string(fields, '$.a.b') FROM records WHERE fields IS NOT NULL"
        ).rows
    assert rows == [("1",)]


def test_the_digest_lies_beside_the_file(write: Write, tmp_path: Path) -> None:
    folder = write(line(), name="tasks-2026111000.jsonl")
    packed = pack(DAY, [str(folder / "tasks-2026111000.jsonl")], str(tmp_path / "a"), "zstd")
    told = (tmp_path / "a" / "tasks-20261110.jsonl.zst.sha256").read_text()
    assert told == f"{packed.sha256}  tasks-20261110.jsonl.zst\n"


def test_a_second_run_of_the_same_day_overwrites_nothing(write: Write, tmp_path: Path) -> None:
    for _ in range(2):
        folder = write(line(), name="tasks-2026111000.jsonl")
        pack(DAY, [str(folder / "tasks-2026111000.jsonl")], str(tmp_path / "a"), "zstd")
    assert count(str(tmp_path / "a")) == 2


def test_a_store_behind_an_url_is_written_and_read(write: Write) -> None:
    folder = write(line(), name="tasks-2026111000.jsonl")
    try:
        packed = pack(DAY, [str(folder / "tasks-2026111000.jsonl")], "memory://archive", "zstd")
        assert packed.target.startswith("memory://")
        assert count("memory://archive") == 1
    finally:
        fsspec.filesystem("memory").rm("/archive", recursive=True)


def test_an_archive_that_cannot_be_written_is_told(write: Write, tmp_path: Path) -> None:
    folder = write(line(), name="tasks-2026111000.jsonl")
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordsError, match="cannot archive"):
        pack(DAY, [str(folder / "tasks-2026111000.jsonl")], str(tmp_path / "file"), "zstd")
    with pytest.raises(RecordsError, match="nosuch"):
        pack(DAY, [str(folder / "tasks-2026111000.jsonl")], "nosuch://bucket", "zstd")
