"""What the page remembers of the queues' movement when it is started again."""

from __future__ import annotations

from pathlib import Path

from gearmang.watch.movement import Past
from gearmang.web.following import Following
from gearmang.web.polling import Poller
from gearmang.web.samples import Samples
from gearmang.web.settings import PageSettings
from tests.unit.web.sights import NOW, snapshot

PAST = {"gm1:4730": Past(NOW, {})}


def poller(path: Path | None, said: list[str]) -> Poller:
    settings = PageSettings((), samples=None if path is None else str(path), interval=60.0)
    return Poller(settings, None, Samples(path), said.append)


def restarted(path: Path | None, said: list[str]) -> Poller:
    first = poller(path, said)
    first.following.pasts.update(PAST)
    first.stop()
    second = poller(path, said)
    second.start()
    second.stop()
    return second


def test_movement_outlives_a_restart_of_the_page(tmp_path: Path) -> None:
    said: list[str] = []
    assert restarted(tmp_path / "web.db", said).following.pasts == PAST
    assert said == []


def test_without_a_file_movement_begins_anew() -> None:
    assert restarted(None, []).following.pasts == {}


def test_a_file_that_cannot_be_read_is_told_and_the_page_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "web.db.movement").write_text("{")
    assert restarted(tmp_path / "web.db", said).sight is not None
    assert "begins anew" in said[0]


def test_a_restart_of_gearmand_begins_anew() -> None:
    following = Following()
    for pid, after in ((7, 0), (8, 10)):
        (moves,) = following.moves([snapshot(("resize", 3, 0, 0))._replace(pid=pid)], NOW + after)
    assert moves is not None
    assert moves.flows["resize"].empty_at is None
    assert moves.flows["resize"].verdict == "unknown"
