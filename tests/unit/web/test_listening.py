"""Where the page listens."""

from pathlib import Path

import pytest

from gearmang.errors import BadServer
from gearmang.web.listening import CannotListen, Listen


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("127.0.0.1:8730", True),
        ("localhost", True),
        ("[::1]:1", True),
        ("unix:/run/web.sock", True),
        ("0.0.0.0:8730", False),
        ("[::]:8730", False),
        ("gm1", False),
    ],
)
def test_an_address_tells_who_can_connect(text: str, local: bool) -> None:
    assert Listen.parse(text).is_local is local


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(BadServer):
        Listen.parse("http://x/")


def test_a_unix_socket_is_not_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    with Listen.parse(f"unix:{path}").open():
        assert path.stat().st_mode & 0o007 == 0


def test_the_socket_of_a_process_that_was_killed_is_taken_over(tmp_path: Path) -> None:
    where = Listen.parse(f"unix:{tmp_path / 'web.sock'}")
    where.open().close()
    where.open().close()


def test_a_socket_that_is_in_use_is_left_alone(tmp_path: Path) -> None:
    where = Listen.parse(f"unix:{tmp_path / 'web.sock'}")
    with where.open(), pytest.raises(CannotListen, match="--listen"):
        where.open()


def test_a_port_that_is_taken_is_told() -> None:
    with Listen("127.0.0.1", 0).open() as taken, pytest.raises(CannotListen, match="--listen"):
        Listen("127.0.0.1", taken.getsockname()[1]).open()


def test_systemds_socket_is_taken_only_by_the_process_it_is_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", "1")
    with pytest.raises(CannotListen, match=r"gearmang-serve\.socket"):
        Listen.parse("systemd")
