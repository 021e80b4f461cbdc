"""What systemd is told, and when."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.worker.notify import STATUS_INTERVAL, Notifier


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def heard(systemd: socket.socket) -> list[str]:
    found = []
    try:
        while True:
            found.append(systemd.recv(1000).decode())
    except BlockingIOError:
        return found


def test_without_systemd_nobody_is_told_and_nothing_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier()
    notifier.hurry()
    notifier.say("READY=1")

    assert notifier.tick_at == float("inf")


def test_a_state_is_told_once_until_it_changes(systemd: socket.socket) -> None:
    notifier = Notifier()
    for now, text in ((0.0, "idle"), (1.0, "busy"), (10.0, "idle"), (20.0, "busy")):
        notifier.tick(now, lambda text=text: text)  # type: ignore[misc]

    assert heard(systemd) == ["STATUS=idle", "STATUS=busy"]
    assert notifier.tick_at == 20.0 + STATUS_INTERVAL


def test_the_watchdog_is_fed_twice_in_its_time(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    notifier = Notifier()
    notifier.tick(0.0, lambda: "idle")

    assert heard(systemd) == ["WATCHDOG=1", "STATUS=idle"]
    assert notifier.tick_at == 1.0


def test_a_change_is_told_soon(systemd: socket.socket) -> None:
    notifier = Notifier()
    notifier.tick(0.0, lambda: "idle")
    notifier.hurry()
    notifier.tick(0.1, lambda: "draining")

    assert heard(systemd) == ["STATUS=idle", "STATUS=draining"]
