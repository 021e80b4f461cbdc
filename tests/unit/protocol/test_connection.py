"""One connection: what is taken from a socket, and how it is told that nobody is there."""

import socket
import time

import pytest

from gearmang.errors import ServerLost
from gearmang.protocol import connection, wire
from gearmang.protocol.connection import Connection, prepared
from gearmang.protocol.server import Server

NOOP = b"\0RES\0\0\0\x06\0\0\0\0"


@pytest.fixture
def ends() -> tuple[Connection, socket.socket]:
    """A connection and the server's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        ours = Connection(Server("127.0.0.1", port), timeout=2)
        return ours, listening.accept()[0]


def test_packets_come_whole_however_they_were_cut(ends: tuple[Connection, socket.socket]) -> None:
    ours, theirs = ends
    with ours, theirs:
        theirs.sendall(NOOP + NOOP[:5])
        assert [packet.command for packet in ours.receive(2)] == [wire.NOOP]
        theirs.sendall(NOOP[5:])
        assert [packet.command for packet in ours.receive(2)] == [wire.NOOP]


def test_a_wait_ends_at_its_time_though_bytes_arrive(
    ends: tuple[Connection, socket.socket],
) -> None:
    ours, theirs = ends
    with ours, theirs:
        theirs.sendall(NOOP[:5])
        began = time.monotonic()

        assert ours.receive(0.1) == []
        assert ours.receive(0) == []
        assert 0.1 <= time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("said", "sentence"), [(b"", "closed the connection"), (b"HTTP/1.1 400 No", "sent nonsense")]
)
def test_a_server_that_is_none_or_gone_is_told_in_one_sentence(
    ends: tuple[Connection, socket.socket], said: bytes, sentence: str
) -> None:
    ours, theirs = ends
    theirs.sendall(said)
    theirs.close()

    with ours, pytest.raises(ServerLost, match=sentence):
        ours.receive(2)


def test_a_server_that_takes_nothing_is_given_up_in_time(
    ends: tuple[Connection, socket.socket],
) -> None:
    ours, theirs = ends
    with ours, theirs, pytest.raises(ServerLost, match="took no request"):
        ours.send(bytes(64 * 1024 * 1024), timeout=0.2)


def test_a_port_where_nobody_listens_is_told_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with pytest.raises(ServerLost, match="refused the connection"):
        Connection(Server("127.0.0.1", port), timeout=2)


def test_a_silent_connection_is_kept_alive_and_given_up_within_two_minutes() -> None:
    with socket.socket() as sock:
        prepared(sock)

        def option(number: int) -> int:
            return sock.getsockopt(socket.IPPROTO_TCP, number)

        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert option(socket.TCP_KEEPIDLE) == connection.KEEPALIVE_IDLE == 60
        assert (option(socket.TCP_KEEPINTVL), option(socket.TCP_KEEPCNT)) == (10, 5)
        assert option(socket.TCP_USER_TIMEOUT) == 110_000
