"""What the worker's tests share: a caller who waits, and the place where dead letters arrive."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from gearmang.job.client import Client
from gearmang.job.envelope import Envelope
from gearmang.protocol import wire
from gearmang.protocol.connection import Connection
from gearmang.protocol.server import Server
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import Worker

TARGET = "tests.integration.worker.deaths:die"
PATIENCE = 30.0  # seconds


class Letters:
    """Takes dead letters off the function ``gearmang``, in place of the collector."""

    def __init__(self, gearmand: Gearmand) -> None:
        self._connection = Connection(Server.parse(gearmand.address), timeout=PATIENCE)
        self._connection.send(wire.request(wire.CAN_DO, b"gearmang"))

    def next(self, timeout: float = PATIENCE) -> Envelope:
        """The next dead letter, completed."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._connection.send(wire.request(wire.GRAB_JOB_UNIQ))
            for packet in self._connection.receive(deadline - time.monotonic()):
                if packet.command == wire.JOB_ASSIGN_UNIQ:
                    handle, _, unique, data = packet.split(4)
                    self._complete(handle, deadline)
                    letter = Envelope.unpack(data)
                    assert unique.decode() == letter.death_id
                    return letter
            self._connection.send(wire.request(wire.PRE_SLEEP))
            self._connection.receive(min(1.0, max(deadline - time.monotonic(), 0.0)))
        raise TimeoutError(f"no dead letter within {timeout:g} s")

    def _complete(self, handle: bytes, deadline: float) -> None:
        # gearmand answers in order: once the echo is back, `status` no longer counts the letter.
        done = wire.request(wire.WORK_COMPLETE, handle, b"")
        self._connection.send(done, wire.request(wire.ECHO_REQ, b"done"))
        while time.monotonic() < deadline:
            packets = self._connection.receive(deadline - time.monotonic())
            if any(packet.command == wire.ECHO_RES for packet in packets):
                return
        raise TimeoutError("gearmand has not taken the completion of a dead letter")

    def close(self) -> None:
        self._connection.close()


class Caller:
    """Submits in the foreground and waits, as clients in any language do."""

    def __init__(self, gearmand: Gearmand) -> None:
        self._connection = Connection(Server.parse(gearmand.address), timeout=PATIENCE)
        self._connection.send(wire.request(wire.OPTION_REQ, b"exceptions"))
        self._connection.receive(PATIENCE)

    def call(self, function: str, payload: bytes) -> list[tuple[int, bytes]]:
        """What came back, in order: the command's number and the body without the handle."""
        self._connection.send(
            wire.request(wire.SUBMIT_JOB, function.encode(), os.urandom(8).hex().encode(), payload)
        )
        heard: list[tuple[int, bytes]] = []
        while True:
            packets = self._connection.receive(PATIENCE)
            assert packets, f"no answer within {PATIENCE:g} s, only {heard}"
            for packet in packets:
                if packet.command != wire.JOB_CREATED:
                    heard.append((packet.command, packet.body.partition(b"\0")[2]))
                if packet.command in (wire.WORK_COMPLETE, wire.WORK_FAIL, wire.WORK_EXCEPTION):
                    return heard

    def close(self) -> None:
        self._connection.close()


class StartWorker(Protocol):
    def __call__(
        self,
        target: str = TARGET,
        *options: str,
        function: str = "die",
        gearmand: Gearmand | None = None,
    ) -> Worker: ...


@pytest.fixture
def letters(gearmand: Gearmand) -> Iterator[Letters]:
    taken = Letters(gearmand)
    yield taken
    taken.close()


@pytest.fixture
def caller(gearmand: Gearmand) -> Iterator[Caller]:
    waiting = Caller(gearmand)
    yield waiting
    waiting.close()


@pytest.fixture
def client(gearmand: Gearmand) -> Iterator[Client]:
    with Client([gearmand.address]) as made:
        yield made


@pytest.fixture
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts workers that are stopped after the test."""
    started: list[Worker] = []

    def run(
        target: str = TARGET, *options: str, function: str = "die", gearmand: Gearmand | None = None
    ) -> Worker:
        daemon = gearmand or request.getfixturevalue("gearmand")
        worker = Worker(tmp_path, daemon, target, function, *options)
        started.append(worker)
        worker.start()
        return worker

    yield run
    for worker in started:
        worker.stop()


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the functions leave their notes."""
    path = tmp_path / "notes"
    path.touch()
    monkeypatch.setenv("NOTES", str(path))
    return path
