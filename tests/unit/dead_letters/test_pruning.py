"""Pruning: archived before it is deleted, and never what is under way."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gearmang.dead_letters.acting.exporting import letters
from gearmang.dead_letters.acting.pruning import prune
from gearmang.dead_letters.looking.browse import count
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.moves import move
from gearmang.dead_letters.store.seam import Store
from tests.unit.dead_letters.conftest import dead

Put = Callable[..., list[int]]
DAY = 86_400.0


def kept(store: Store) -> int:
    with store.reading() as connection:
        return count(connection, Filter(state=None))


def archived(archive: Path) -> int:
    torn: list[str] = []
    found = len(list(letters(archive.read_bytes().splitlines(), torn.append)))
    assert torn == []
    return found


def test_old_letters_go_to_the_archive_and_young_ones_stay(
    store: Store, put: Put, tmp_path: Path
) -> None:
    put(dead(), dead(), now=time.time() - 10 * DAY)
    put(dead())
    archive = tmp_path / "archive.jsonl"
    assert prune(store, archive, older_than=5 * DAY) == 2
    assert (kept(store), archived(archive), archive.stat().st_mode & 0o777) == (1, 2, 0o640)


@pytest.mark.parametrize("state", ["requeuing", "recalling"])
def test_letters_under_way_are_not_pruned(
    store: Store, put: Put, tmp_path: Path, state: str
) -> None:
    ids = put(dead(), now=time.time() - 10 * DAY)
    with store.writing() as connection:
        move(connection, ids, "dead", state, plan="p")
    assert prune(store, tmp_path / "archive.jsonl", older_than=5 * DAY) == 0
    assert kept(store) == 1


def test_of_too_many_dead_letters_the_oldest_go(store: Store, put: Put, tmp_path: Path) -> None:
    put(dead(b"old"), now=time.time() - 60)
    put(dead(b"young"))
    archive = tmp_path / "archive.jsonl"
    assert prune(store, archive, most_dead=1) == 1
    assert b'"payload":"old"' in archive.read_bytes()


def test_nothing_is_deleted_that_the_archive_did_not_take(
    store: Store, put: Put, tmp_path: Path
) -> None:
    put(dead(), now=time.time() - 10 * DAY)
    with pytest.raises(StoreError, match="nothing was deleted"):
        prune(store, tmp_path, older_than=DAY)  # a folder
    assert kept(store) == 1


def test_a_letter_behind_one_that_was_cut_is_read_and_the_cut_one_told(
    store: Store, put: Put, tmp_path: Path
) -> None:
    put(dead(b"one"), dead(b"two"), now=time.time() - 10 * DAY)
    archive = tmp_path / "archive.jsonl"
    prune(store, archive, older_than=DAY)
    first, second = archive.read_bytes().splitlines()
    torn: list[str] = []
    found = [*letters([first[:100] + second, b"nonsense", first], torn.append)]
    assert [letter.body["payload"] for letter in found] == [b"two", b"one"]
    assert [line.split(" ", 2)[1] for line in torn] == ["1", "2"]


def test_a_failed_append_is_cut_back(
    store: Store, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive.jsonl"
    put(dead(), now=time.time() - 10 * DAY)
    prune(store, archive, older_than=DAY)
    whole = archive.read_bytes()
    put(dead(), now=time.time() - 10 * DAY)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left"):
            prune(store, archive, older_than=DAY)
    assert archive.read_bytes() == whole
    assert prune(store, archive, older_than=DAY) == 1
    assert archived(archive) == 2


def test_an_archive_that_another_adds_to_is_left_to_it(
    store: Store, put: Put, tmp_path: Path
) -> None:
    put(dead())
    with (tmp_path / "archive").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="nothing was deleted"):
            prune(store, tmp_path / "archive", most_dead=0)
    assert kept(store) == 1
