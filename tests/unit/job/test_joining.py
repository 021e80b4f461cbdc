"""Whether a submission joined a job: what servers of each make leave to be known."""

from __future__ import annotations

import socket
import time

import pytest

from gearmang.errors import NotQueued
from gearmang.job.joining import handles_there
from gearmang.protocol import wire
from gearmang.protocol.connection import Connection
from gearmang.protocol.server import Server
from tests.unit.job.test_client import Manner, answer, requests, server

JOBS = b"H:gm1:7\t0\t0\t1\nH:gm1:9\t0\t0\t1\n.\n"


def gearmand(known: bytes, *, jobs: bytes = JOBS, speaks: bool = True) -> Manner:
    """Answers both protocols on its one port, as gearmand does."""

    def manner(connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) != b"\0":
            admin(connection)
            return
        for command, body in requests(connection):
            if command == wire.GET_STATUS_UNIQUE and speaks:
                told = (body, known, b"0", b"0", b"0", b"0")
                connection.sendall(answer(wire.STATUS_RES_UNIQUE, *told))
            elif command == wire.GET_STATUS:
                connection.sendall(answer(wire.STATUS_RES, body, b"0", b"0", b"0", b"0"))

    def admin(connection: socket.socket) -> None:
        held = b""
        while data := connection.recv(65536):
            held += data
            *lines, held = held.split(b"\r\n")
            for line in lines:
                connection.sendall(b"OK 1\n" if line == b"getpid" else jobs)

    return manner


def there(manner: Manner, unique: str = "key", timeout: float = 5.0) -> frozenset[str] | None:
    with server(manner) as address:

        def connect(left: float) -> Connection:
            return Connection(Server.parse(address), timeout=left)

        return handles_there(connect, unique, time.monotonic() + timeout, None)


def test_where_a_job_has_the_key_all_handles_are_told() -> None:
    assert there(gearmand(b"1")) == frozenset({"H:gm1:7", "H:gm1:9"})


def test_where_no_job_has_the_key_no_list_is_asked_for() -> None:
    assert there(gearmand(b"0", jobs=b"ERR asked\r\n")) == frozenset()


def test_a_key_by_payload_is_always_looked_for_in_the_list() -> None:
    assert there(gearmand(b"0"), "-") == frozenset({"H:gm1:7", "H:gm1:9"})


def test_no_key_joins_nothing_and_nobody_is_asked() -> None:
    def connect(_: float) -> Connection:
        raise AssertionError

    assert handles_there(connect, "", 0.0, None) == frozenset()


@pytest.mark.parametrize(
    "manner",
    [gearmand(b"1", speaks=False), gearmand(b"1", jobs=b"ERR UNKNOWN_COMMAND\r\n")],
    ids=["silent on the key", "without a list"],
)
def test_a_server_that_cannot_tell_leaves_it_open(manner: Manner) -> None:
    assert there(manner) is None


def test_a_server_that_says_nothing_has_queued_nothing() -> None:
    def silent(connection: socket.socket) -> None:
        for _ in requests(connection):
            pass

    with pytest.raises(NotQueued, match="frozen"):
        there(silent, timeout=0.3)


def test_a_key_that_cannot_be_sent_is_not() -> None:
    with pytest.raises(ValueError, match="unique key"):
        there(gearmand(b"1"), "x" * 65)
