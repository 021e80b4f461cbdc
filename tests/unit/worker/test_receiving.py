"""How an executor gets its next job, however the kernel cuts it."""

import socket
import threading
from collections.abc import Iterator

import pytest

from gearmang.worker.frames import JOB_HEADER
from gearmang.worker.receiving import RECEIVE_SIZE, receive


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The supervisor's end and the executor's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def frame(body: bytes) -> bytes:
    return JOB_HEADER.pack(7, len(body)) + body


def test_a_job_that_came_at_once_is_whole(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[0].sendall(frame(b"job"))

    assert receive(pair[1]) == (7, b"job")


@pytest.mark.parametrize("cut", [1, JOB_HEADER.size, JOB_HEADER.size + 1])
def test_a_job_that_comes_later_and_in_two_parts_is_whole(
    pair: tuple[socket.socket, socket.socket], cut: int
) -> None:
    whole = frame(b"job")

    def supervisor() -> None:
        pair[0].sendall(whole[:cut])
        pair[0].sendall(whole[cut:])

    sender = threading.Timer(0.01, supervisor)
    sender.start()

    assert receive(pair[1]) == (7, b"job")
    sender.join()


def test_a_job_larger_than_one_read_is_whole(pair: tuple[socket.socket, socket.socket]) -> None:
    body = bytes(range(256)) * (RECEIVE_SIZE // 64)
    sender = threading.Thread(target=pair[0].sendall, args=[frame(body)])
    sender.start()

    assert receive(pair[1]) == (7, body)
    sender.join()


@pytest.mark.parametrize("sent", [b"", b"\0", frame(b"job")[:-1]])
def test_a_supervisor_that_is_gone_ends_it(
    pair: tuple[socket.socket, socket.socket], sent: bytes
) -> None:
    pair[0].sendall(sent)
    pair[0].close()

    assert receive(pair[1]) is None
