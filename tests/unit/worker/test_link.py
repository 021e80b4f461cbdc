"""One connection to a gearmand that the tests play themselves, over a socket pair."""

import socket
import struct
from collections.abc import Iterator

import pytest

from gearmang.protocol import wire
from gearmang.protocol.channel import HINT
from gearmang.protocol.errors import Unreachable
from gearmang.protocol.server import Server
from gearmang.protocol.steps import Steps
from gearmang.protocol.wire import Packet
from gearmang.worker import link as link_module
from gearmang.worker.link import FIRST_RETRY, LAST_RETRY, NAMES, STUCK_AFTER, Awaited, Link
from gearmang.worker.loop import Loop
from gearmang.worker.makes import TIMELESS
from tests.unit.worker.parts import SERVER, FakeClock


def said(command: int, body: bytes = b"") -> bytes:
    return struct.pack("!4sII", b"\0RES", command, len(body)) + body


class Bench:
    """A link, and the server's end of its newest connection."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = FakeClock()
        self.loop = Loop()
        self.refusing = False
        self.theirs: socket.socket
        self.changes: list[str] = []
        self.packets: list[Packet] = []
        self.calls: list[str] = []
        monkeypatch.setattr(link_module, "connect", self.connect)
        monkeypatch.setattr(link_module, "prepared", lambda sock: sock)
        self.link = Link(
            SERVER,
            self.loop,
            self.clock,
            client_id="resize@h:1+2",
            registers=wire.request(wire.CAN_DO, b"resize"),
            longest=100,
            on_change=lambda _link, what: self.changes.append(what),
        )
        self.link.on_packet = lambda _link, packet: self.packets.append(packet)

    def connect(self, server: Server, _tls: object, _deadline: float) -> Steps[socket.socket]:
        if self.refusing:
            raise Unreachable(server, "refused the connection")
        ours, self.theirs = socket.socketpair()
        self.theirs.settimeout(1)
        return ours
        yield  # pragma: no cover  # what makes it steps

    def tick(self, passed: float = 0.0) -> None:
        self.clock.go(passed)
        self.link.tick(self.clock.monotonic())

    def hear(self, *data: bytes) -> None:
        for part in data:
            self.theirs.sendall(part)
            self.loop.wait(0.0)

    def awaited(self, timeout: float = 10.0, *, aside: bool = False) -> Awaited:
        return Awaited(
            lambda: self.calls.append("created"),
            lambda why: self.calls.append(f"refused {why}"),
            lambda: self.calls.append("lost"),
            self.clock.monotonic() + timeout,
            aside,
        )


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench(monkeypatch)
    yield made
    made.link.part(0.0)
    made.loop.close()


def test_it_registers_and_asks_whether_the_server_is_alive(bench: Bench) -> None:
    bench.tick()

    assert bench.link.up
    heard = bench.theirs.recv(1000)
    assert b"resize@h:1+2" in heard
    assert heard.endswith(wire.request(wire.ECHO_REQ, b"gearmang") + wire.request(wire.PRE_SLEEP))
    assert bench.changes == []
    bench.hear(said(wire.ECHO_RES, b"gearmang"))
    assert bench.changes == ["is connected"]


def test_it_tries_again_less_and_less_often_and_says_so_once(bench: Bench) -> None:
    bench.refusing = True
    pauses = []
    for _ in range(10):
        bench.tick()
        pauses.append(bench.link.retry_at - bench.clock.monotonic())
        bench.clock.go(pauses[-1])

    assert pauses[0] <= 2 * FIRST_RETRY
    assert LAST_RETRY / 2 <= pauses[-1] <= LAST_RETRY
    assert bench.changes == ["refused the connection"]
    assert bench.link.next_tick() == bench.link.retry_at


def test_after_an_answer_it_tries_again_soon(bench: Bench) -> None:
    bench.refusing = True
    for _ in range(10):
        bench.tick(LAST_RETRY)
    bench.refusing = False
    bench.tick(LAST_RETRY)
    bench.hear(said(wire.ECHO_RES))
    bench.link.lose("cut")

    assert bench.link.retry_at - bench.clock.monotonic() <= 2 * FIRST_RETRY


def test_confirmations_and_refusals_are_told_in_their_order(bench: Bench) -> None:
    bench.tick()
    for _ in range(3):
        bench.link.submit((b"head", b"payload"), bench.awaited())
    bench.hear(
        said(wire.JOB_CREATED, b"H:1"),
        said(wire.ERROR, b"QUEUE_ERROR\0queue full"),
        said(wire.JOB_CREATED, b"H:2"),
    )

    assert bench.calls == ["created", "refused queue full", "created"]


def test_an_error_about_a_job_that_is_gone_refuses_no_copy(bench: Bench) -> None:
    bench.tick()
    bench.link.submit((b"head", b"payload"), bench.awaited())
    bench.hear(said(wire.ERROR, b"JOB_NOT_FOUND\0Job given in work result not found"))
    assert bench.calls == []

    bench.hear(said(wire.JOB_CREATED, b"H:1"))

    assert bench.calls == ["created"]


def test_a_confirmation_that_does_not_come_in_time_ends_the_connection(bench: Bench) -> None:
    bench.tick()
    bench.link.submit((b"head", b"payload"), bench.awaited(10.0))
    assert bench.link.next_tick() == bench.clock.monotonic() + 10.0
    bench.tick(9.9)
    assert bench.link.up

    bench.tick(0.2)

    assert not bench.link.up
    assert bench.calls == ["lost"]
    assert bench.changes == ["did not say in time that it queued a job"]


def test_only_copies_aside_leave_it_free(bench: Bench) -> None:
    bench.tick()
    bench.link.submit((b"head", b""), bench.awaited(aside=True))
    assert bench.link.is_free
    bench.link.submit((b"head", b""), bench.awaited())

    assert not bench.link.is_free


def test_each_connection_has_a_number_of_its_own(bench: Bench) -> None:
    bench.tick()
    first = bench.link.number
    bench.theirs.recv(1000)
    bench.theirs.close()
    bench.loop.wait(0.0)
    assert bench.changes == [f"closed the connection{HINT}"]
    bench.tick(LAST_RETRY)

    assert bench.link.number == first + 1


def test_what_is_no_packet_ends_the_connection(bench: Bench) -> None:
    bench.tick()
    bench.hear(b"HTTP/1.1 400 Bad Request\r\n")

    assert not bench.link.up
    assert bench.changes[0].startswith("not a gearmand")


def test_of_a_job_that_is_too_large_only_the_beginning_is_taken(bench: Bench) -> None:
    bench.tick()
    body = b"H:1\0resize\0u\0" + b"x" * (NAMES + 200)
    bench.hear(said(wire.JOB_ASSIGN_UNIQ, body)[:50], said(wire.JOB_ASSIGN_UNIQ, body)[50:])
    bench.hear(said(wire.NOOP))

    assert bench.packets == [
        Packet(wire.JOB_ASSIGN_UNIQ, body[:NAMES], len(body) - NAMES),
        Packet(wire.NOOP, b""),
    ]


def test_a_server_that_takes_nothing_is_given_up(bench: Bench) -> None:
    bench.tick()
    bench.link.send(b"x" * 10_000_000)
    assert bench.link.next_tick() == bench.clock.monotonic() + STUCK_AFTER
    bench.tick(STUCK_AFTER + 1)

    assert bench.changes == ["has taken nothing for 30 s"]


def test_a_new_name_is_told_at_once_and_after_each_reconnect(bench: Bench) -> None:
    bench.tick()
    bench.theirs.recv(1000)
    bench.link.rename("resize@h:1+2~3")
    assert bench.theirs.recv(1000) == wire.request(wire.SET_CLIENT_ID, b"resize@h:1+2~3")
    bench.link.lose("cut")
    bench.tick(LAST_RETRY)

    assert b"resize@h:1+2~3" in bench.theirs.recv(1000)


def test_what_was_sent_arrives_before_a_peaceful_end(bench: Bench) -> None:
    bench.tick()
    bench.theirs.recv(1000)
    bench.link.send(b"last words")
    bench.link.part(0.05)

    assert bench.theirs.recv(1000) == b"last words"
    assert bench.theirs.recv(1000) == b""


def test_nothing_is_sent_where_there_is_no_connection(bench: Bench) -> None:
    bench.link.send(b"into the void")

    assert bench.link.descriptors() == ()
    bench.tick()
    assert len(bench.link.descriptors()) == 1


UNKNOWN = b'server_error\0Can\'t locate object method "CMD_"'


def test_a_server_that_knows_no_keys_is_asked_without_and_that_is_said(bench: Bench) -> None:
    bench.tick()
    bench.link.grab()
    bench.theirs.recv(1000)
    bench.hear(said(wire.ERROR, UNKNOWN))

    assert bench.theirs.recv(1000) == wire.request(wire.GRAB_JOB)
    assert bench.link.keyless
    assert bench.link.asked
    assert "Can't locate object method" in bench.changes[-1]

    bench.hear(said(wire.JOB_ASSIGN, b"H:1\0resize\0a\0b"))
    assert bench.packets == [Packet(wire.JOB_ASSIGN_UNIQ, b"H:1\0resize\0\0a\0b")]
    bench.link.grab()
    assert bench.theirs.recv(1000) == wire.request(wire.GRAB_JOB)


@pytest.mark.parametrize("answer", [wire.NO_JOB, wire.JOB_ASSIGN_UNIQ])
def test_a_server_that_does_not_echo_schedules_no_jobs(bench: Bench, answer: int) -> None:
    bench.tick()
    bench.hear(said(answer), said(answer))

    assert bench.link.timeless
    assert bench.changes == ["is connected", TIMELESS]
    assert len(bench.packets) == 2


def test_a_server_that_echoes_schedules_jobs(bench: Bench) -> None:
    bench.tick()
    bench.hear(said(wire.ECHO_RES, b"gearmang"), said(wire.NO_JOB))

    assert not bench.link.timeless
    assert bench.changes == ["is connected"]


def test_errors_that_are_about_nothing_at_hand_are_told(bench: Bench) -> None:
    bench.tick()
    bench.hear(said(wire.ERROR, b"odd\0it is odd"), said(wire.ERROR, b"not_worker\0"))

    assert bench.changes == ["is connected", "says: it is odd"]
    assert not bench.link.keyless
