"""Many small files are read as one, and answer the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from gearmang.records import gathering
from gearmang.records.database import opened
from gearmang.records.gathering import gathered
from gearmang.records.sources import find
from tests.unit.records.conftest import Write, line


@pytest.fixture(autouse=True)
def two_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MANY", 2)


def test_small_files_plain_and_packed_become_one(write: Write, tmp_path: Path) -> None:
    write(line(), line(), name="a.jsonl")
    folder = write(line(), name="b.jsonl.gz")
    (copy,) = gathered(find([str(folder)]), tmp_path).lines
    assert len(Path(copy).read_bytes().splitlines()) == 3


def test_a_torn_last_line_is_not_glued_to_the_next_file(write: Write, tmp_path: Path) -> None:
    folder = write(line(), name="b.jsonl")
    (folder / "a.jsonl").write_bytes(b'{"event_id":"torn')
    (copy,) = gathered(find([str(folder)]), tmp_path).lines
    assert Path(copy).read_bytes().startswith(b'{"event_id":"torn\n{')


def test_half_a_packed_file_leaves_nothing_in_the_copy_and_is_named(
    write: Write, tmp_path: Path
) -> None:
    write(line(), name="a.jsonl")
    folder = write(*[line() for _ in range(1000)], name="b.jsonl.gz")
    packed = folder / "b.jsonl.gz"
    packed.write_bytes(packed.read_bytes()[:-2000])
    copy, rest = gathered(find([str(folder)]), tmp_path).lines
    assert (len(Path(copy).read_bytes().splitlines()), rest) == (1, str(packed))
    with opened([str(folder)]) as database:
        assert database.ask("SELECT count(*) FROM records").rows == [(1,)]
        assert list(database.left_out) == [str(packed)]


def test_a_large_file_stays_where_it_is(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(line(), name="a.jsonl")
    folder = write(line(), line(), name="b.jsonl")
    monkeypatch.setattr(gathering, "SMALL", (folder / "a.jsonl").stat().st_size)
    assert gathered(find([str(folder)]), tmp_path).lines[1:] == (str(folder / "b.jsonl"),)


def test_the_copy_has_a_bound(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MOST", 1)
    write(line(), name="a.jsonl")
    folder = write(line(), name="b.jsonl")
    assert gathered(find([str(folder)]), tmp_path).lines[1:] == (str(folder / "b.jsonl"),)


def test_few_files_are_not_copied(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MANY", 3)
    write(line(), name="a.jsonl")
    sources = find([str(write(line(), name="b.jsonl"))])
    assert gathered(sources, tmp_path) is sources
