"""The admin client against servers that lie, break off, drip and flood."""

import socket
import time

import pytest

from gearmang.protocol import AdminClient, AdminError, ProtocolError, TimedOut, Unreachable
from tests.daemons.liars import Liar, Manner, drips, floods, says
from tests.daemons.process import free_port

TIMEOUT = 0.3  # seconds


def error_of(liar: Liar, timeout: float = TIMEOUT, memory: int = 1 << 20) -> AdminError:
    begun = time.monotonic()
    with (
        AdminClient("127.0.0.1", liar.port, timeout, memory=memory) as admin,
        pytest.raises(AdminError) as caught,
    ):
        admin.status()
    assert time.monotonic() - begun < timeout + 0.5
    assert caught.value.server == liar.address
    assert str(caught.value).startswith(f"{liar.address} ")
    return caught.value


@pytest.mark.parametrize(
    ("manner", "kind", "words"),
    [
        (says(b""), ProtocolError, "closed the connection before any answer"),
        (says(b"OK 1"), ProtocolError, "closed the connection after 4 bytes"),
        (says(b"OK 1\na\t0\t0\t1\n"), ProtocolError, "closed the connection after"),
        (says(b"OK 1\na\t0\t0\t1\n.\n"), ProtocolError, "closed the connection after"),
        (says(b"OK 1\na\t0\t0\n.\nOK 1\n"), ProtocolError, r"sent 'a\x090\x090"),
        (says(b"HTTP/1.1 400 Bad\r\n\r\n"), ProtocolError, "does not answer like gearmand: 'HTTP"),
        (says(b"\x16\x03\x01", then_wait=True), ProtocolError, "not answer like gearmand"),
        (says(b"OK 1\n", then_wait=True), TimedOut, "gave no complete answer in time, after 5"),
        (says(b"", then_wait=True), TimedOut, "before any answer"),
        (drips(b"OK 1\na\t0\t0\t1\n"), TimedOut, "gave no complete answer"),
        (floods(b"a\t0\t0\t1\n"), ProtocolError, "more than may be held"),
        (floods(b"a"), ProtocolError, "more than may be held"),
    ],
)
def test_a_server_that_is_not_gearmand_gives_an_error_that_says_why(
    manner: Manner, kind: type[AdminError], words: str
) -> None:
    with Liar(manner) as liar:
        error = error_of(liar)
        assert type(error) is kind
        assert words in str(error)


def test_a_closed_port_is_unreachable() -> None:
    port = free_port()
    with AdminClient("127.0.0.1", port) as admin, pytest.raises(Unreachable, match="refused"):
        admin.version()


def test_a_listener_whose_backlog_is_full_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        with AdminClient("127.0.0.1", port, TIMEOUT) as admin, pytest.raises(TimedOut):
            admin.version()
        for filler in fillers:
            filler.close()


def test_a_name_that_nobody_knows_is_unreachable() -> None:
    with (
        AdminClient("nowhere.invalid", timeout=5) as admin,
        pytest.raises(Unreachable, match="has a name that is not known"),
    ):
        admin.version()


@pytest.mark.parametrize("host", ["a..b", "ü" * 70, "a\0b", "-", "999.1.1.1"])
def test_a_host_that_is_no_name_is_unreachable(host: str) -> None:
    with AdminClient(host, timeout=5) as admin, pytest.raises(Unreachable):
        admin.version()


def test_ipv6_is_spoken() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        port = listener.getsockname()[1]
        with AdminClient("::1", port, 0.1) as admin, pytest.raises(TimedOut, match=r"\[::1\]:"):
            admin.version()
