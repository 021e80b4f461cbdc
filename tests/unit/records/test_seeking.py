"""The lines of one id are found before anything is parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gearmang.records import seeking
from gearmang.records.database import opened
from gearmang.records.questions import trace
from gearmang.records.seeking import narrowed
from gearmang.records.sources import find
from tests.unit.records.conftest import Write, line

ID = "abcdef" + "0" * 26


def lines(folder: Path, start: str, work: Path) -> list[bytes]:
    found = narrowed(find([str(folder)]), start, work)
    return Path(found.lines[0]).read_bytes().splitlines()


@pytest.mark.parametrize("chunk", [1, 100, 8 << 20])
def test_only_lines_of_the_id_are_copied_wherever_a_read_ends(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(seeking, "CHUNK", chunk)
    folder = write(line(), line(id=ID), line(), line(id=ID, fields={"id": ID}), b'{"id":"abcdef')
    assert len(lines(folder, "ABCdef", tmp_path)) == 3


def test_packed_files_and_bad_ones_stay_as_they_are(write: Write, tmp_path: Path) -> None:
    folder = write(line(id=ID), name="a.jsonl.gz")
    write(b"", name="b.jsonl")
    found = narrowed(find([str(folder)]), ID, tmp_path)
    assert found.lines[1:] == (str(folder / "a.jsonl.gz"),)


def test_an_id_that_json_may_write_otherwise_is_left_to_duckdb(
    write: Write, tmp_path: Path
) -> None:
    sources = find([str(write(line(id="ä" * 6)))])
    assert narrowed(sources, "ä" * 6, tmp_path) is sources


def test_a_trace_is_the_same_as_without(write: Write) -> None:
    write(line(id=ID), name="a.jsonl.gz")
    folder = write(line(id=ID), line(), line(id="Kept-As-It-Is"))
    for start in ("abcdef", "ABCDEF", "Kept-As"):
        with opened([str(folder)]) as database:
            whole = trace(database, start).rows
        with opened([str(folder)], of_id=start) as database:
            assert trace(database, start).rows == whole
        assert len(whole) == (1 if start == "Kept-As" else 2)
