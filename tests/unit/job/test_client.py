"""The client's side of a conversation, with servers that say what the tests have them say."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from gearmang.errors import NotQueued
from gearmang.job.client import Client
from gearmang.job.submission import Packed, Submission
from gearmang.protocol import wire
from gearmang.protocol.key import JobKey, mark_of

TIMEOUT = 0.4  # seconds that the clients of these tests have


def answer(command: int, *arguments: bytes) -> bytes:
    body = b"\0".join(arguments)
    return struct.pack("!4sII", b"\0RES", command, len(body)) + body


def requests(connection: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Each request that comes: its command and its body."""
    held = b""
    while data := connection.recv(65536):
        held += data
        while len(held) >= 12 and len(held) >= 12 + int.from_bytes(held[8:12], "big"):
            size = 12 + int.from_bytes(held[8:12], "big")
            yield int.from_bytes(held[4:8], "big"), held[12:size]
            held = held[size:]


Manner = Callable[[socket.socket], None]


@contextmanager
def server(manner: Manner) -> Iterator[str]:
    """A server that treats each connection in its manner, all at the same time."""
    listening = socket.create_server(("127.0.0.1", 0))

    def treat(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            manner(connection)

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=treat, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def confirms(connection: socket.socket) -> None:
    for number, (command, body) in enumerate(requests(connection), 1):
        if command == wire.GET_STATUS_UNIQUE:
            connection.sendall(answer(wire.STATUS_RES_UNIQUE, body, b"0", b"0", b"0", b"0", b"0"))
        elif command == wire.GET_STATUS:
            connection.sendall(answer(wire.STATUS_RES, body, b"0", b"0", b"0", b"0"))
        else:
            handle = body.partition(b"\0")[0] + b":%d" % number
            connection.sendall(answer(wire.JOB_CREATED, handle))


def floods(packet: bytes) -> Manner:
    def manner(connection: socket.socket) -> None:
        while True:
            connection.sendall(packet)

    return manner


def test_a_job_travels_bare_under_a_key_that_says_which_it_is() -> None:
    seen: list[bytes] = []

    def manner(connection: socket.socket) -> None:
        for _, body in requests(connection):
            seen.append(body)
            connection.sendall(answer(wire.JOB_CREATED, b"H:x:1"))

    with server(manner) as address, Client([address]) as client:
        submitted = client.submit("f", b"as\0it is")

    function, unique, payload = seen[0].split(b"\0", 2)
    key = JobKey.parse(unique.decode())
    assert (function, payload) == (b"f", b"as\0it is")
    assert key is not None
    assert (key.job_id, key.mark, key.delivery, key.attempt, key.not_before) == (
        submitted.job_id, mark_of("f"), 1, 1, None,
    )  # fmt: skip
    assert abs(key.enqueued_at - time.time()) < 60


def test_a_job_for_later_says_so_in_its_key_and_is_never_early() -> None:
    seen: list[bytes] = []

    def manner(connection: socket.socket) -> None:
        for _, body in requests(connection):
            seen.append(body)
            connection.sendall(answer(wire.JOB_CREATED, b"H:x:1"))

    with server(manner) as address, Client([address]) as client:
        client.submit("f", b"x", at=1764050000.2)

    _, unique, when, _ = seen[0].split(b"\0", 3)
    key = JobKey.parse(unique.decode())
    assert when == b"1764050001"
    assert key is not None
    assert key.not_before == 1764050001


def test_a_users_key_stays_as_it_is_and_the_id_is_the_workers_to_make() -> None:
    with server(confirms) as address, Client([address]) as client:
        assert client.submit("f", b"x", unique="mine").job_id is None


@pytest.mark.parametrize(
    "packet",
    [
        answer(wire.NOOP),
        answer(wire.JOB_ASSIGN_UNIQ, b"H:x:1", b"f", b"u", b"x"),
        answer(wire.ECHO_RES, bytes(60 * 1024 * 1024)),
        b"\0RES" + struct.pack("!II", wire.NOOP, 60 * 1024 * 1024),
    ],
    ids=["NOOP", "JOB_ASSIGN", "large packets", "a packet that never ends"],
)
def test_a_server_that_says_anything_else_holds_nobody_longer_than_the_timeout(
    packet: bytes,
) -> None:
    began = time.monotonic()

    with (
        server(floods(packet)) as address,
        Client([address], timeout=TIMEOUT) as client,
        pytest.raises(NotQueued),
    ):
        client.submit("f", b"x")

    assert time.monotonic() - began < TIMEOUT + 5


def test_a_server_that_confirms_what_it_was_not_sent_is_not_trusted() -> None:
    def manner(connection: socket.socket) -> None:
        next(requests(connection))
        connection.sendall(2 * answer(wire.JOB_CREATED, b"H:x:1"))
        connection.recv(1)

    jobs = iter([Packed("f", b"x", "a")])
    with server(manner) as address, Client([address], timeout=TIMEOUT) as client:
        queued = client.queue(jobs)
        next(queued)
        with pytest.raises(NotQueued, match="confirms what it was not sent"):
            next(queued)


def test_answers_that_are_still_under_way_are_not_taken_for_those_of_later_jobs() -> None:
    with server(confirms) as address, Client([address], timeout=5) as client:
        left_early = client.queue([Packed("a", b"", "1"), Packed("b", b"", "2")])
        next(left_early)
        left_early.close()

        assert client.submit("c", b"").handle == "c:1"  # the first on a connection of its own


def test_a_refusal_tells_how_many_were_accepted_before() -> None:
    def manner(connection: socket.socket) -> None:
        asked = requests(connection)
        next(asked)
        connection.sendall(answer(wire.JOB_CREATED, b"H:x:1"))
        next(asked)
        connection.sendall(answer(wire.ERROR, b"QUEUE_ERROR", b"full"))

    with (
        server(manner) as address,
        Client([address], timeout=5) as client,
        pytest.raises(NotQueued, match="refused the job: full; the queue is at its maxqueue") as no,
    ):
        client.submit_many([("f", 1), Submission("f", 2)])

    assert no.value.accepted == 1


def test_data_above_the_bound_is_refused_before_anything_is_sent() -> None:
    with server(confirms) as address, Client([address], max_payload=3) as client:
        with pytest.raises(ValueError, match="is 4 bytes, above the bound of 3"):
            client.submit("f", b"four")
        with pytest.raises(ValueError, match="put it into a file"):
            client.submit_many([("f", b"four")])


def test_the_next_server_takes_what_the_first_does_not() -> None:
    def refuses(connection: socket.socket) -> None:
        next(requests(connection))
        connection.sendall(answer(wire.ERROR, b"x", b"no"))

    with (
        server(refuses) as first,
        server(confirms) as second,
        Client([first, second], timeout=5) as client,
    ):
        assert str(client.submit("f", 1).server) == second


def test_a_client_needs_a_server() -> None:
    with pytest.raises(ValueError, match="needs a server"):
        Client([])
