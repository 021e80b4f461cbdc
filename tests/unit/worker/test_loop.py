"""Streams that keep what the kernel does not take, and steps that a loop carries on."""

import socket
from collections.abc import Iterator

import pytest

from gearmang.protocol.errors import AdminError, TimedOut
from gearmang.protocol.steps import READ, Steps, Wait
from gearmang.worker.loop import Conversation, Loop, Stream
from tests.unit.worker.parts import SERVER

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        yield ours, theirs


def test_what_the_kernel_does_not_take_is_sent_later_in_its_order(pair: Pair) -> None:
    loop = Loop()
    stream = Stream(loop, pair[0], lambda: None)
    large = bytes(range(256)) * 20_000
    stream.send(b"head", large)
    stream.send(b"tail")
    assert stream.unsent > 0

    got = bytearray()
    while len(got) < len(large) + 8:
        try:
            got += pair[1].recv(1_000_000)
        except BlockingIOError:
            loop.wait(1.0)

    assert bytes(got) == b"head" + large + b"tail"
    assert stream.unsent == 0
    stream.close()
    loop.close()


def test_a_readable_end_is_told(pair: Pair) -> None:
    loop, told = Loop(), list[bool]()
    stream = Stream(loop, pair[0], lambda: told.append(True))
    pair[1].send(b"x")
    loop.wait(1.0)

    assert told == [True]
    stream.close()
    stream.close()  # once more is nothing more
    loop.close()


def steps(sock: socket.socket) -> Steps[bytes]:
    if not (yield Wait(sock, READ, 10.0)):
        raise TimedOut(SERVER, "gave no answer")
    return sock.recv(100)


def test_steps_go_on_when_their_socket_is_ready_and_tell_their_result(pair: Pair) -> None:
    loop, ends = Loop(), list[bytes | AdminError]()
    conversation = Conversation(loop, steps(pair[0]), ends.append)
    conversation.start()
    assert conversation.until == 10.0
    assert conversation.descriptors() == (pair[0].fileno(),)
    pair[1].send(b"answer")
    loop.wait(1.0)

    assert ends == [b"answer"]
    assert conversation.until == float("inf")
    loop.close()


def test_steps_that_have_waited_too_long_end_with_their_error(pair: Pair) -> None:
    loop, ends = Loop(), list[bytes | AdminError]()
    conversation = Conversation(loop, steps(pair[0]), ends.append)
    conversation.start()
    conversation.tick(9.9)
    assert ends == []

    conversation.tick(10.0)

    assert isinstance(ends[0], TimedOut)
    loop.close()


def test_nobody_is_told_of_steps_that_were_given_up(pair: Pair) -> None:
    loop, ends = Loop(), list[bytes | AdminError]()
    conversation = Conversation(loop, steps(pair[0]), ends.append)
    conversation.start()
    conversation.close()
    pair[1].send(b"answer")
    loop.wait(0.0)
    conversation.tick(99.0)

    assert ends == []
    loop.close()
