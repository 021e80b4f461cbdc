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


@pytest.mark.parametrize("renamable", [True, False])
def test_an_entry_that_cannot_be_read_holds_up_nothing(
    tmp_path: Path,
    renamable: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    spool = Spool(tmp_path)
    (tmp_path / "0000.job").mkdir()
    spool.add(packed("a"))
    spool.add(packed("b"))
    if not renamable:
        monkeypatch.setattr(Path, "rename", denied)

    found = [spool.oldest(), spool.oldest()]

    assert [spooled.packed.payload for spooled in found if spooled] == [b"a", b"a"]
    assert caplog.text.count("0000.job") == 1
    assert "Is a directory" in caplog.text


def denied(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_copy_that_cannot_be_removed_goes_out_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.add(packed("a"))
    spool.add(packed("b"))
    first = spool.oldest()
    assert first is not None
    monkeypatch.setattr(Path, "unlink", denied)

    with pytest.raises(SpoolError, match="is queued and cannot be removed"):
        spool.remove(first)

    second = spool.oldest()
    assert second is not None
    assert second.packed.payload == b"b"
    with pytest.raises(SpoolError):
        spool.remove(second)
    spool.let_go()
    assert spool.oldest() is None
    assert Spool(tmp_path).oldest() is not None  # nobody holds the lock


def test_an_add_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(SpoolError, match="No space left"):
        spool.add(packed("a"))

    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_what_a_killed_add_has_left_is_removed_by_a_later_start(tmp_path: Path) -> None:
    old, young = tmp_path / f"{1:020d}-1", tmp_path / f"{2:020d}-1"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))

    Spool(tmp_path)

    assert (old.exists(), young.exists()) == (False, True)


def test_a_folder_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SpoolError, match="cannot be used: Not a directory; give --spool a folder"):
        Spool(tmp_path / "file" / "spool")
