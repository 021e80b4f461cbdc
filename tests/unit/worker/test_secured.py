"""TLS in the worker's loop: what cannot go on now says so, and nothing is left where none looks."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from gearmang.protocol.channel import connect, is_secured
from gearmang.protocol.server import Server
from gearmang.protocol.steps import drive
from gearmang.protocol.tls import Tls, encrypt_all
from gearmang.worker.loop import Loop, Stream
from gearmang.worker.secured import Secured
from tests.daemons.stunnel import Authority

LARGE = 8 * 1024 * 1024  # bytes: more than the kernel takes for one who does not read
PATIENCE = 20.0  # seconds


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("tls") / "ca")
    made.sign("127.0.0.1")
    return made


@contextmanager
def connection(
    authority: Authority, manner: Callable[[ssl.SSLSocket], None], tls: Tls | None
) -> Iterator[socket.socket]:
    """A connection of ours to a server that treats it in its manner."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    folder = authority.folder
    context.load_cert_chain(folder / "127.0.0.1.pem", folder / "127.0.0.1.key")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            plain, _ = listening.accept()
            plain.settimeout(PATIENCE)
            with context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False) as theirs:
                manner(theirs)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        (made,) = drive([connect(Server("127.0.0.1", port), tls, time.monotonic() + PATIENCE)])
        assert isinstance(made, socket.socket), made
        yield made
        made.close()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def secured(
    authority: Authority, manner: Callable[[ssl.SSLSocket], None]
) -> Iterator[tuple[Loop, Stream, bytearray]]:
    """The same in a loop, with what has come of it."""
    came = bytearray()
    with connection(authority, manner, Tls(ca=str(authority.ca))) as made:
        loop = Loop()

        def read() -> None:
            try:
                came.extend(stream.sock.recv(64 * 1024))
            except BlockingIOError:
                pass

        stream = Stream(loop, Secured(made), read)
        yield loop, stream, came
        loop.close()


def turn(loop: Loop, condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        loop.wait(0.1)


def test_what_the_other_end_does_not_take_is_kept_and_arrives_whole(authority: Authority) -> None:
    may_read = threading.Event()
    got = bytearray()

    def manner(theirs: ssl.SSLSocket) -> None:
        may_read.wait(PATIENCE)
        while len(got) < len(data):
            got.extend(theirs.recv(65536))

    data = os.urandom(LARGE)
    with secured(authority, manner) as (loop, stream, _):
        stream.send(data[:10], data[10:])
        assert stream.unsent
        loop.wait(0.0)
        assert stream.unsent, "it is not sent before it is taken"
        may_read.set()
        turn(loop, lambda: not stream.unsent)
    assert got == data


def test_all_that_comes_is_read_however_many_records_it_is_in(authority: Authority) -> None:
    data = os.urandom(LARGE)

    with secured(authority, lambda theirs: theirs.sendall(data)) as (loop, _, came):
        turn(loop, lambda: len(came) == len(data))
    assert came == data


def test_nothing_to_read_is_said_as_a_plain_socket_says_it(authority: Authority) -> None:
    def manner(theirs: ssl.SSLSocket) -> None:
        assert theirs.recv(10) == b"done"

    with secured(authority, manner) as (_, stream, _came):
        with pytest.raises(BlockingIOError):
            stream.sock.recv(10)
        stream.send(b"done")


def test_the_end_is_said_in_tls_behind_what_was_sent(authority: Authority) -> None:
    heard: list[bytes] = []

    def manner(theirs: ssl.SSLSocket) -> None:
        heard.append(theirs.recv(100))
        heard.append(theirs.recv(100))  # an end below TLS alone would raise here

    with secured(authority, manner) as (_, stream, _came):
        stream.send(b"last words")
        stream.sock.setblocking(True)
        stream.sock.settimeout(PATIENCE)
        stream.sock.shutdown(socket.SHUT_WR)
        while stream.sock.recv(100):
            pass
    assert heard == [b"last words", b""]


def test_connections_that_are_not_told_otherwise_go_by_the_settings_of_all(
    authority: Authority,
) -> None:
    encrypt_all(Tls(ca=str(authority.ca)))
    try:
        with connection(authority, lambda theirs: None, None) as made:
            assert is_secured(made)
    finally:
        encrypt_all(None)


def test_what_is_decrypted_already_is_not_left_where_no_loop_looks(authority: Authority) -> None:
    with connection(
        authority, lambda theirs: theirs.sendall(bytes(1000)), Tls(ca=str(authority.ca))
    ) as made:
        made.settimeout(PATIENCE)
        assert Secured(made).recv(10) == bytes(1000)
