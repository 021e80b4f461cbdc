"""Copies on disk: whole, oldest first, one worker at a time."""

import os
from pathlib import Path

import pytest

from gearmang.errors import SpoolError
from gearmang.job.spool import Spool
from gearmang.job.submission import Packed


def packed(name: str, **fields: object) -> Packed:
    return Packed("f", name.encode(), f"key-{name}", **fields)  # type: ignore[arg-type]  # a test's


def test_copies_come_back_as_they_were_oldest_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "new" / "spool")
    copies = [packed("a", priority="low"), packed("b\n", at=12), packed("c")]
    for copy in copies:
        spool.add(copy)

    found = []
    while (spooled := spool.oldest()) is not None:
        found.append(spooled.packed)
        spool.remove(spooled)

    assert found == copies


def test_a_function_that_is_no_utf8_comes_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    copy = Packed(os.fsdecode(b"\xff\xfe"), b"x", "key")
    spool.add(copy)

    spooled = spool.oldest()

    assert spooled is not None
    assert spooled.packed == copy


def test_another_worker_waits_until_the_first_has_let_go(tmp_path: Path) -> None:
    first, second = Spool(tmp_path), Spool(tmp_path)
    first.add(packed("a"))

    assert first.oldest() is not None
    assert second.oldest() is None
    first.let_go()
    assert second.oldest() is not None


def test_files_are_0640_and_half_written_ones_are_not_taken(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    (tmp_path / "00000000000000000001-1").write_bytes(b"half")
    spool.add(packed("a"))

    spooled = spool.oldest()

    assert spooled is not None
    assert spooled.path.stat().st_mode & 0o777 == 0o640
    assert spooled.packed.payload == b"a"


def test_a_file_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    (tmp_path / "00000000000000000001-1.job").write_bytes(b"no JSON\nx")
    spool.add(packed("a"))

    spooled = spool.oldest()

    assert spooled is not None
    assert spooled.packed.payload == b"a"
    assert (tmp_path / "00000000000000000001-1.broken").exists()


def test_a_folder_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SpoolError, match="cannot be used: Not a directory; give --spool a folder"):
        Spool(tmp_path / "file" / "spool")
