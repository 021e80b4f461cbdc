"""What a ready file says, and what is missing by what servers say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gearmang.errors import GearmangError
from gearmang.protocol.entries import Peer
from gearmang.protocol.errors import TimedOut
from gearmang.protocol.server import Server
from gearmang.watch.poll import Snapshot
from gearmang.watch.worker_id import WorkerId
from gearmang.worker.readiness import Readiness, ReadyFile

TOLD = Readiness("resize", "web-1", 7, 2, ["gm1:4730", "gm2:4730"])
LOST = TimedOut(Server("gm2"), "gave no answer")


def slot(number: int, *, host: str = "web-1", pid: int = 7, function: str = "resize") -> Peer:
    return Peer(9, "10.0.0.1", str(WorkerId("resize", host, pid, 1000, number)), (function,))


def says(*peers: Peer) -> Snapshot:
    return Snapshot(Server("gm1"), (), peers, "1.1.20", 1, 0.0)


@pytest.mark.parametrize(
    ("answers", "lacking"),
    [
        ([says(slot(1), slot(2))] * 2, None),
        ([says(slot(1), slot(2)), LOST], None),
        ([says(slot(1), slot(2)), says(slot(1))], "1 of 2 slots of resize"),
        ([says(slot(1), slot(1))], "1 of 2 slots"),
        ([says(slot(1), slot(2, pid=8))], "1 of 2 slots"),
        ([says(slot(1), slot(2, host="web-2"))], "1 of 2 slots"),
        ([says(slot(1), slot(2, function="rotate"))], "1 of 2 slots"),
        ([says(Peer(9, "h", "-", ("resize",)))], "0 of 2 slots"),
        ([LOST, LOST], "no server answers: gm2:4730 gave no answer"),
    ],
)
def test_every_slot_must_be_at_every_server_that_answers(
    answers: list[Snapshot | TimedOut], lacking: str | None
) -> None:
    found = TOLD.lacking(answers)
    assert (found or "").startswith(lacking or "")
    assert (found is None) == (lacking is None)


def test_a_file_is_read_as_it_was_written_and_goes_with_the_worker(tmp_path: Path) -> None:
    path = tmp_path / "ready"
    file = ReadyFile(path)
    assert not path.exists()
    told = Readiness.of_this_process("\udcff", "odd host@", 3, [Server("gm1")])
    file.write(told)
    assert Readiness.read(path) == told
    assert path.stat().st_mode & 0o777 == 0o640
    assert told.servers == ["gm1:4730"]
    file.remove()
    assert not path.exists()


def test_what_a_killed_worker_has_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "ready").touch()
    ReadyFile(tmp_path / "ready")
    assert not (tmp_path / "ready").exists()


def test_nobody_is_told_where_nobody_wants_to_know() -> None:
    file = ReadyFile(None)
    file.write(TOLD)
    file.remove()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"function": 1}', "\xff"])
def test_another_file_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "ready").write_text(content)
    with pytest.raises(GearmangError, match="is no ready file"):
        Readiness.read(tmp_path / "ready")


def test_a_missing_file_is_a_worker_that_has_not_started(tmp_path: Path) -> None:
    with pytest.raises(GearmangError, match="has not started yet, or it ends"):
        Readiness.read(tmp_path / "ready")


def test_a_name_that_cannot_be_removed_is_told_at_start(tmp_path: Path) -> None:
    with pytest.raises(GearmangError, match="--ready-file"):
        ReadyFile(tmp_path)
