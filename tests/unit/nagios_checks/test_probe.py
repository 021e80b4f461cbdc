"""Echo jobs over a connection that the test holds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from gearmang.errors import ServerLost
from gearmang.protocol import wire
from gearmang.protocol.server import Server
from gearmang.protocol.wire import Packet
from gearmang.watch.poll import Target
from nagios_checks import probe
from nagios_checks.probe import PREFIX, Probe, exchange

TARGET = Target(Server("gm1"))
Answer = Callable[["Link", bytes], "list[Packet]"]


class Link:
    """A connection whose server is a function: request → packets."""

    answer: Answer = staticmethod(lambda *_: [])

    def __init__(self, *_: object, **__: object) -> None:
        self.ready, self._told = os.pipe()
        self.coming: list[Packet] = []
        self.sent: list[bytes] = []
        self.closed = False

    def send(self, *requests: bytes) -> None:
        for request in requests:
            self.sent.append(request)
            found = type(self).answer(self, request)
            self.coming += found
            if found:
                os.write(self._told, b"x")

    def receive(self, timeout: float) -> list[Packet]:
        if not self.coming:
            time.sleep(min(timeout, 0.01))
        found, self.coming = self.coming, []
        return found

    def fileno(self) -> int:
        return self.ready

    def close(self) -> None:
        os.close(self.ready)
        os.close(self._told)
        self.closed = True


def command_of(request: bytes) -> int:
    return int.from_bytes(request[4:8], "big")


def submitted(link: Link) -> tuple[bytes, bytes]:
    """Unique key and payload of the probe."""
    _, unique, payload = link.sent[0][12:].split(b"\0", 2)
    return unique, payload


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], None]:
    def set_answer(answer: Answer) -> None:
        monkeypatch.setattr(Link, "answer", staticmethod(answer))

    monkeypatch.setattr(probe, "Connection", Link)
    return set_answer


def ask(seconds: float = 0.3) -> probe.Echo:
    now = time.monotonic()
    return exchange([TARGET], "echo", deadline=now + seconds, until=now + 2 * seconds)[0]


@pytest.mark.parametrize(
    ("packet", "problem"),
    [
        (wire.WORK_FAIL, "failed in the worker"),
        (wire.WORK_EXCEPTION, "failed in the worker"),
        (wire.ERROR, "was refused: H\0data"),
        (wire.WORK_COMPLETE, "came back changed: is this function an echo?"),
    ],
)
def test_what_is_no_echo_is_told(
    serve: Callable[[Answer], None], packet: int, problem: str
) -> None:
    serve(lambda *_: [Packet(wire.JOB_CREATED, b"H"), Packet(packet, b"H\0data")])
    assert ask() == (None, problem, False)


def test_an_echo_is_timed(serve: Callable[[Answer], None]) -> None:
    serve(lambda link, _: [Packet(wire.WORK_COMPLETE, b"H\0" + submitted(link)[1])])
    echo = ask()
    assert echo.seconds is not None
    assert 0 <= echo.seconds < 0.3


def assigned(link: Link, unique: bytes) -> Packet:
    return Packet(wire.JOB_ASSIGN_UNIQ, b"H\0echo\0" + unique + b"\0" + submitted(link)[1])


def test_a_probe_that_no_worker_took_is_taken_back(serve: Callable[[Answer], None]) -> None:
    def answer(link: Link, request: bytes) -> list[Packet]:
        if command_of(request) == wire.GRAB_JOB_UNIQ:
            return [Packet(wire.NOOP, b""), assigned(link, submitted(link)[0])]
        if command_of(request) == wire.WORK_COMPLETE:
            return [Packet(wire.WORK_COMPLETE, b"H\0")]
        return []

    serve(answer)
    assert ask() == (None, "did not come back: no worker took it", True)


def test_probes_of_others_are_given_back(serve: Callable[[Answer], None]) -> None:
    handed = iter([PREFIX + b"another", None])

    def answer(link: Link, request: bytes) -> list[Packet]:
        if command_of(request) == wire.GRAB_JOB_UNIQ:
            return [assigned(link, next(handed) or submitted(link)[0])]
        if command_of(request) == wire.WORK_COMPLETE:
            return [Packet(wire.WORK_COMPLETE, b"H\0")]
        return []

    serve(answer)
    assert ask().problem == "did not come back: no worker took it"


@pytest.mark.parametrize(
    ("grabbed", "problem"),
    [
        ([], "it could not be taken back in time"),
        ([Packet(wire.NO_JOB, b"")], "a worker has it and gives no answer"),
        ([Packet(wire.WORK_COMPLETE, b"H\0")], "it came too late"),
        (
            [Packet(wire.JOB_ASSIGN_UNIQ, b"H\0echo\0work\0data")],
            "other jobs wait before it: this function must do nothing but echo",
        ),
    ],
)
def test_why_a_probe_did_not_come_back_is_found_out(
    serve: Callable[[Answer], None], grabbed: list[Packet], problem: str
) -> None:
    serve(lambda _, request: grabbed if command_of(request) == wire.GRAB_JOB_UNIQ else [])
    assert ask(0.1) == (None, f"did not come back: {problem}", True)


def test_a_server_that_is_lost_is_told(
    serve: Callable[[Answer], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> list[Packet]:
        raise ServerLost("gm1:4730 is lost")

    serve(lost)
    assert ask() == (None, "gm1:4730 is lost", False)
    serve(lambda *_: [Packet(wire.NOOP, b"")])
    monkeypatch.setattr(Probe, "receive", lost)
    assert ask() == (None, "gm1:4730 is lost", False)
    serve(lambda *_: [])
    monkeypatch.setattr(Probe, "take_back", lost)
    assert ask(0.05) == (None, "did not come back: gm1:4730 is lost", True)
