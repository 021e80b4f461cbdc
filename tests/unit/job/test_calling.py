"""What a waiting caller makes of what servers say, in whatever order and however odd."""

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from gearmang.errors import JobFailed, NoAnswer, NotQueued, ServerLost
from gearmang.job.client import Client
from gearmang.job.news import Part, Progress, Warned
from gearmang.protocol import wire
from tests.unit.job.test_client import Manner, answer, requests, server

PATIENCE = 10.0  # seconds
SUBMITS = (wire.SUBMIT_JOB, wire.SUBMIT_JOB_HIGH, wire.SUBMIT_JOB_LOW)

Speech = Callable[[bytes, bytes], Sequence[bytes]]


def says(speech: Speech) -> Manner:
    """Takes the option, confirms each job, and then says what ``speech`` gives for it."""

    def manner(connection: socket.socket) -> None:
        number = 0
        for command, body in requests(connection):
            if command == wire.OPTION_REQ:
                connection.sendall(answer(wire.OPTION_RES, body))
            elif command in SUBMITS:
                number += 1
                handle = b"H:%d" % number
                said = speech(handle, body.split(b"\0", 2)[2])
                connection.sendall(answer(wire.JOB_CREATED, handle) + b"".join(said))

    return manner


def done(handle: bytes, payload: bytes) -> Sequence[bytes]:
    return [answer(wire.WORK_COMPLETE, handle, payload)]


def test_results_that_come_in_another_order_reach_their_callers() -> None:
    held: list[tuple[bytes, bytes]] = []

    def backwards(handle: bytes, payload: bytes) -> Sequence[bytes]:
        held.append((handle, payload))
        return [part for one in reversed(held) for part in done(*one)] if len(held) == 3 else []

    with server(says(backwards)) as address, Client([address]) as client:
        calls = [client.call("f", n, timeout=PATIENCE) for n in range(3)]
        assert [call.result().data for call in calls] == [0, 1, 2]


def test_exceptions_are_asked_for_before_the_first_job_and_once() -> None:
    seen: list[tuple[int, bytes]] = []

    def manner(connection: socket.socket) -> None:
        for number, (command, body) in enumerate(requests(connection)):
            seen.append((command, body))
            if command in SUBMITS:
                handle = b"H:%d" % number
                connection.sendall(answer(wire.JOB_CREATED, handle) + done(handle, b"")[0])

    with server(manner) as address, Client([address]) as client:
        client.do("f", 1, timeout=PATIENCE)
        client.do("f", 2, priority="low", timeout=PATIENCE)

    assert seen[0] == (wire.OPTION_REQ, b"exceptions")
    assert [command for command, _ in seen[1:]] == [wire.SUBMIT_JOB, wire.SUBMIT_JOB_LOW]


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([(wire.WORK_EXCEPTION, b"boom")], "boom"),
        ([(wire.WORK_EXCEPTION, b"boom"), (wire.WORK_FAIL, b"")], "boom"),
        ([(wire.WORK_WARNING, b"first"), (wire.WORK_WARNING, b"boom"), (wire.WORK_FAIL, b"")],
         "boom"),
        ([(wire.WORK_FAIL, b"")], ""),
        ([(wire.WORK_EXCEPTION, b"\xff")], "\\xff"),
    ],
)  # fmt: skip
def test_the_text_of_a_failure_is_found_wherever_a_worker_puts_it(
    said: list[tuple[int, bytes]], text: str
) -> None:
    def speech(handle: bytes, _: bytes) -> Sequence[bytes]:
        return [answer(command, handle, body) for command, body in said]

    with server(says(speech)) as address, Client([address]) as client:
        for _ in range(2):  # what comes behind the end is nobody's
            with pytest.raises(JobFailed) as caught:
                client.do("f", 1, timeout=PATIENCE)
            assert caught.value.text == text


def test_news_come_in_order_and_what_cannot_be_read_is_passed_by() -> None:
    def speech(handle: bytes, _: bytes) -> Sequence[bytes]:
        return [
            answer(wire.WORK_STATUS, handle, b"1", b"2\0"),
            answer(wire.WORK_STATUS, handle, b"half", b"2"),
            answer(wire.WORK_DATA, handle, b"a\0b"),
            answer(wire.WORK_WARNING, handle, b"careful"),
            answer(wire.WORK_DATA, b"H:other", b"not ours"),
            *done(handle, b"[1]"),
        ]

    with server(says(speech)) as address, Client([address]) as client:
        call = client.call("f", 1, timeout=PATIENCE)
        assert list(call) == [Progress(1, 2), Part(b"a\0b"), Warned("careful")]
        assert call.result().data == [1]


def test_parts_that_nobody_took_stay_with_the_result() -> None:
    def speech(handle: bytes, _: bytes) -> Sequence[bytes]:
        return [answer(wire.WORK_DATA, handle, b"1"), *done(handle, b"")]

    with server(says(speech)) as address, Client([address]) as client:
        returned = client.do("f", 1, timeout=PATIENCE)
    assert [part.data for part in returned.parts] == [1]


def test_a_refused_job_is_its_own_callers_affair() -> None:
    def manner(connection: socket.socket) -> None:
        for command, body in requests(connection):
            if command == wire.OPTION_REQ:
                connection.sendall(answer(wire.ERROR, b"UNKNOWN_OPTION", b"no"))
            elif body.endswith(b"full"):
                connection.sendall(answer(wire.ERROR, b"QUEUE_ERROR", b"full"))
            else:
                connection.sendall(answer(wire.JOB_CREATED, b"H:1") + done(b"H:1", b"1")[0])

    with server(manner) as address, Client([address]) as client:
        refused = client.call("f", b"full", timeout=PATIENCE)
        taken = client.call("f", b"good", timeout=PATIENCE)
        assert taken.result().data == 1
        with pytest.raises(NotQueued, match="maxqueue"):
            refused.result()


def test_a_result_that_comes_too_late_is_nobody_elses() -> None:
    def slowly(connection: socket.socket) -> None:
        for number, (command, body) in enumerate(requests(connection)):
            if command in SUBMITS and body.endswith(b"slow"):
                time.sleep(0.5)
            if command in SUBMITS:
                handle = b"H:%d" % number
                reply = done(handle, body.split(b"\0", 2)[2])[0]
                connection.sendall(answer(wire.JOB_CREATED, handle) + reply)

    with server(slowly) as address, Client([address]) as client:
        with pytest.raises(NoAnswer, match="did not say that it has the job"):
            client.do("f", b"slow", timeout=0.1)
        assert client.do("f", b"soon", timeout=PATIENCE).raw == b"soon"


def test_one_call_that_waits_for_long_does_not_lengthen_anothers_deadline() -> None:
    with server(says(lambda _handle, _payload: [])) as address, Client([address]) as client:
        long, short = (client.call("f", 1, timeout=seconds) for seconds in (1.0, 0.2))
        for call in (short, long):
            with pytest.raises(NoAnswer):
                call.result()
            assert call.is_over


def test_calls_of_one_key_are_one_job_and_each_hears_it_once() -> None:
    submitted: list[bytes] = []

    def speech(handle: bytes, payload: bytes) -> Sequence[bytes]:
        submitted.append(payload)
        if payload != b"go":
            return []
        return [answer(wire.WORK_DATA, b"H:1", b"part"), *done(b"H:1", b"1"), *done(handle, b"2")]

    with server(says(speech)) as address, Client([address]) as client:
        calls = [client.call("f", b"x", unique="same", timeout=PATIENCE) for _ in range(2)]
        assert client.do("f", b"go", timeout=PATIENCE).data == 2
        for call in calls:
            assert list(call) == [Part(b"part")]
            assert call.result().data == 1
    assert submitted == [b"x", b"go"]


@pytest.mark.parametrize(
    "said", [b"", answer(wire.JOB_CREATED, b"H:1") * 2, b"HTTP/1.1 400 Bad\r\n"]
)
def test_a_server_that_breaks_off_or_talks_nonsense_is_lost(said: bytes) -> None:
    def manner(connection: socket.socket) -> None:
        for command, _ in requests(connection):
            if command in SUBMITS:
                connection.sendall(said)
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                return

    with server(manner) as address, Client([address]) as client:
        call = client.call("f", 1, timeout=PATIENCE)
        with pytest.raises(ServerLost, match="is not known"):
            call.result()
        with pytest.raises(ServerLost):
            next(iter(call))


def test_closing_the_client_ends_what_is_waited_for() -> None:
    with server(says(lambda _handle, _payload: [])) as address:
        client = Client([address])
        call = client.call("f", 1, timeout=PATIENCE)
        client.close()
        with pytest.raises(ServerLost, match="closed"):
            call.result()


def test_the_next_server_is_asked_when_the_first_cannot_be_reached() -> None:
    with server(says(done)) as gone:
        pass
    with server(says(done)) as there, Client([gone, there]) as client:
        assert client.do("f", 5, timeout=PATIENCE).data == 5


def test_a_server_that_is_silent_on_options_still_gives_results() -> None:
    def manner(connection: socket.socket) -> None:
        for number, (command, _) in enumerate(requests(connection)):
            if command in SUBMITS:
                handle = b"H:%d" % number
                connection.sendall(answer(wire.JOB_CREATED, handle) + done(handle, b"1")[0])

    with server(manner) as address, Client([address]) as client:
        assert [client.do("f", 1, timeout=PATIENCE).data for _ in range(2)] == [1, 1]
