"""Names are looked up beside the conversation, and outlive their resolver."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from gearmang.protocol import addresses
from gearmang.protocol.channel import connect
from gearmang.protocol.errors import AdminError, TimedOut, Unreachable
from gearmang.protocol.server import Server
from gearmang.protocol.steps import drive

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 4730))]


@pytest.fixture(autouse=True)
def _no_names_kept() -> None:
    addresses._kept.clear()


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands in for getaddrinfo on names: ``answer`` is what it gives, or raises."""
    state: dict[str, Any] = {"answer": FOUND, "asked": 0, "hang": threading.Event()}
    state["hang"].set()
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        if options["flags"] & socket.AI_NUMERICHOST:
            return real(host, *args, **options)
        state["asked"] += 1
        state["hang"].wait(5)
        if isinstance(state["answer"], Exception):
            raise state["answer"]
        return state["answer"]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return state


def look_up(server: Server, timeout: float = 1.0) -> Any:
    return drive([addresses.addresses(server, time.monotonic() + timeout)])[0]


def test_an_address_in_numbers_asks_nobody(resolver: dict[str, Any]) -> None:
    assert look_up(Server("192.0.2.7", 1)) == ((socket.AF_INET, ("192.0.2.7", 1)),)
    assert look_up(Server("::1", 1))[0][0] == socket.AF_INET6
    assert resolver["asked"] == 0


def test_a_name_is_asked_for_once_a_minute(
    resolver: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        assert look_up(Server("gm1")) == ((socket.AF_INET, ("192.0.2.1", 4730)),)
    assert resolver["asked"] == 1
    monkeypatch.setattr(addresses, "KEPT_FOR", 0.0)
    look_up(Server("gm1"))
    assert resolver["asked"] == 2


def test_a_resolver_that_hangs_costs_no_more_than_the_deadline(resolver: dict[str, Any]) -> None:
    resolver["hang"].clear()
    begun = time.monotonic()
    assert isinstance(look_up(Server("gm1"), 0.1), TimedOut)
    assert time.monotonic() - begun < 0.6
    resolver["hang"].set()


@pytest.mark.parametrize("hangs", [True, False])
def test_while_the_resolver_is_down_the_last_answer_stands_in(
    resolver: dict[str, Any], monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    monkeypatch.setattr(addresses, "KEPT_FOR", 0.0)
    known = look_up(Server("gm1"))
    if hangs:
        resolver["hang"].clear()
    else:
        resolver["answer"] = socket.gaierror(socket.EAI_AGAIN, "try again")
    assert look_up(Server("gm1"), 0.2) == known
    resolver["hang"].set()


def test_a_name_that_was_never_known_is_unreachable(resolver: dict[str, Any]) -> None:
    resolver["answer"] = socket.gaierror(socket.EAI_NONAME, "no such name")
    answer = look_up(Server("gm1"))
    assert isinstance(answer, Unreachable)
    assert "no such name" in str(answer)


def test_a_name_without_addresses_is_an_error(resolver: dict[str, Any]) -> None:
    resolver["answer"] = []
    assert "without addresses" in str(connected(Server("gm1")))


def test_the_second_address_is_tried_when_the_first_refuses(resolver: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        dead = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port))]
        alive = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        resolver["answer"] = dead + alive
        sock = connected(Server("gm1", port))
        assert isinstance(sock, socket.socket)
        with sock:
            assert sock.getpeername() == ("127.0.0.1", port)


def connected(server: Server) -> socket.socket | AdminError:
    return drive([connect(server, None, time.monotonic() + 1)])[0]
