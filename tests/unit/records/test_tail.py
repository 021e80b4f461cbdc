"""Lines as they come in."""

from pathlib import Path

import pytest

from gearmang.records.errors import RecordsError
from gearmang.records.tail import Follower
from tests.unit.records.conftest import Write


def test_only_what_is_added_is_given_and_only_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"old\n")
    tail = Follower((str(tmp_path),))
    with path.open("ab", buffering=0) as out:
        assert list(tail.read()) == []
        out.write(b"new\nhal")
        assert list(tail.read()) == [b"new"]
        out.write(b"f\n")
        assert list(tail.read()) == [b"half"]
    tail.close()


def test_new_files_are_given_as_a_whole(tmp_path: Path) -> None:
    tail = Follower((str(tmp_path),))
    (tmp_path / "b.jsonl").write_bytes(b"first\n")
    assert list(tail.read()) == [b"first"]
    tail.close()


def test_a_file_that_took_anothers_place_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"old\n")
    tail = Follower((str(tmp_path),))
    path.rename(tmp_path / "a.1")
    path.write_bytes(b"new\n")
    assert list(tail.read()) == [b"new"]
    tail.close()


def test_a_deleted_file_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"old\n")
    tail = Follower((str(tmp_path),), from_start=True)
    assert list(tail.read()) == [b"old"]
    path.unlink()
    assert list(tail.read()) == []
    assert tail._followed == {}


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * 3_000_000)
    tail = Follower((str(tmp_path),), from_start=True)
    assert list(tail.read()) == []
    assert all(len(followed.rest) <= 1 << 20 for followed in tail._followed.values())
    tail.close()


def test_what_lies_rotated_and_packed_is_given_once_from_the_start(write: Write) -> None:
    write(b"oldest\n", name="a.jsonl.2.gz")
    write(b"older\n", name="a.jsonl.1")
    folder = write(b"newest\n", name="a.jsonl")
    tail = Follower((str(folder),), from_start=True)
    assert sorted(tail.read()) == [b"newest", b"older", b"oldest"]
    assert list(tail.read()) == []
    tail.close()


def test_a_glob_is_followed_with_the_files_that_come(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"old\n")
    tail = Follower((f"{tmp_path}/*.jsonl",))
    (tmp_path / "b.jsonl").write_bytes(b"new\n")
    assert list(tail.read()) == [b"new"]
    tail.close()


def test_a_path_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="does not exist"):
        Follower((f"{tmp_path}/none",))


def test_half_a_packed_file_is_told(write: Write) -> None:
    folder = write(*(b"%d\n" % number for number in range(9999)), name="a.jsonl.gz")
    path = folder / "a.jsonl.gz"
    path.write_bytes(path.read_bytes()[:1000])
    tail = Follower((str(path),), from_start=True)
    with pytest.raises(RecordsError, match="cannot be read"):
        list(tail.read())
