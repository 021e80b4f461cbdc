"""Servers of other makes: what they tell is right, and what they cannot is not known."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.protocol.server import Server
from gearmang.watch.poll import Snapshot, poll
from tests.daemons.liars import Liar
from tests.daemons.other_servers import Geard, NewerGearmand, PerlServer
from tests.daemons.process import await_that
from tests.integration.nagios_checks.plugin import check

CAN_DO, SUBMIT_JOB_BG, SET_CLIENT_ID = 1, 18, 22


@pytest.fixture(params=[PerlServer, Geard, NewerGearmand])
def server(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[PerlServer | Geard | NewerGearmand]:
    with request.param(tmp_path) as started:
        yield started


@pytest.fixture
def worker(server: PerlServer) -> Iterator[socket.socket]:
    """A worker of two functions that takes none of the three jobs of one of them."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(packet(SET_CLIENT_ID, b"resize@web-1:7+1795000000"))
        connection.sendall(packet(CAN_DO, b"resize") + packet(CAN_DO, b"rotate"))
        for number in range(3):
            connection.sendall(packet(SUBMIT_JOB_BG, b"resize\0key-%d\0payload" % number))
        await_that(lambda: b"resize\t3\t0\t1" in ask(server), "the jobs are queued")
        yield connection


def packet(kind: int, data: bytes) -> bytes:
    return b"\0REQ" + kind.to_bytes(4, "big") + len(data).to_bytes(4, "big") + data


def ask(server: PerlServer) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), 2) as connection:
        connection.sendall(b"status\r\n")
        return connection.recv(65536)


def look(server: PerlServer) -> Snapshot:
    asked = {"priorities": True, "jobs": True, "keys": True, "verbosity": True}
    answer = poll([Server("127.0.0.1", server.port)], timeout=5, **asked)[0]
    assert isinstance(answer, Snapshot), answer
    return answer


def test_functions_and_workers_are_right_on_every_server(
    server: PerlServer, worker: socket.socket
) -> None:
    seen = look(server)
    assert {one.name: tuple(one[1:]) for one in seen.functions} == {
        "resize": (3, 0, 1),
        "rotate": (0, 0, 1),
    }
    served = {one.client_id: set(one.functions) for one in seen.connections if one.functions}
    assert served == {"resize@web-1:7+1795000000": {"resize", "rotate"}}


def test_what_a_server_cannot_tell_is_not_known(server: PerlServer, worker: socket.socket) -> None:
    seen = look(server)
    told = (seen.pid, seen.version, seen.priorities, seen.keys, seen.jobs, seen.verbosity)
    if isinstance(server, NewerGearmand):
        assert None not in told
        assert seen.unanswered == ()
        assert sorted(seen.keys or ()) == ["key-0", "key-1", "key-2"]
    elif isinstance(server, PerlServer):
        assert told == (None, "1.130.1", None, None, None, None)
        assert set(seen.unanswered) == {
            "getpid", "prioritystatus", "verbose", "show jobs", "show unique jobs"
        }  # fmt: skip
    else:
        assert told == (None,) * 6
        assert set(seen.unanswered) == {"getpid", "version", "prioritystatus", "verbose"}


def test_status_shows_every_server_and_calls_none_lost(
    server: PerlServer, worker: socket.socket
) -> None:
    command = [str(Path(sys.executable).with_name("gearmang")), "status"]
    command += ["--server", server.address]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert [(one["function"], one["waiting"]) for one in document["functions"]] == [
        ("resize", 3),
        ("rotate", 0),
    ]
    assert document["servers"][0]["up"] is True


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_half_of_what_a_server_says_is_no_answer(
    server: PerlServer, worker: socket.socket, share: float
) -> None:
    """A connection that breaks in the middle never passes for a shorter list."""
    look(server)
    whole = sum(map(len, _conversation(server, 1 << 30)))
    bound = int(whole * share)

    def manner(connection: socket.socket) -> None:
        _relay(connection, server, bound)

    with Liar(manner) as broken:
        answer = poll([Server("127.0.0.1", broken.port)], timeout=3)[0]
    assert not isinstance(answer, Snapshot)


def _conversation(server: PerlServer, bound: int) -> list[bytes]:
    said: list[bytes] = []

    def manner(connection: socket.socket) -> None:
        said.extend(_relay(connection, server, bound))

    with Liar(manner) as relay:
        answer = poll([Server("127.0.0.1", relay.port)], timeout=3)[0]
        assert isinstance(answer, Snapshot)
    return said


def _relay(connection: socket.socket, server: PerlServer, bound: int) -> list[bytes]:
    """Pass on what both say, and only so many bytes of the server's answers."""
    said: list[bytes] = []
    with socket.create_connection(("127.0.0.1", server.port), 5) as behind:

        def ask_on() -> None:
            try:
                while data := connection.recv(65536):
                    behind.sendall(data)
                behind.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        asking = threading.Thread(target=ask_on, daemon=True)
        asking.start()
        left = bound
        try:
            while left > 0 and (data := behind.recv(left if left < 65536 else 65536)):
                connection.sendall(data)
                said.append(data)
                left -= len(data)
        except OSError:
            pass
        connection.shutdown(socket.SHUT_RDWR)
        asking.join(5)
    return said


def status_alone(connection: socket.socket) -> None:
    """gearman-java: it answers ``status``, and nothing to what else it is asked."""
    asked = b""
    while data := connection.recv(65536):
        asked += data
        *lines, asked = asked.split(b"\r\n")
        for line in lines:
            if line == b"status":
                connection.sendall(b"resize\t3\t1\t2\nrotate\t0\t0\t0\n.\n")


def test_a_server_that_knows_status_alone_tells_its_functions() -> None:
    with Liar(status_alone) as java:
        answer = poll([Server("127.0.0.1", java.port)], timeout=5, keys=True)[0]
        assert isinstance(answer, Snapshot)
        assert [tuple(one) for one in answer.functions] == [
            ("resize", 3, 1, 2),
            ("rotate", 0, 0, 0),
        ]
        assert not answer.tells_workers
        assert answer.reply_seconds < 3
        run = check("workers", "-H", java.address, "-vvv")
        assert run.state == "CRITICAL"
        assert "rotate has no workers" in run.line
        assert any("answers no getpid, no version, no workers" in line for line in run.long)
        assert check("workers", "-H", java.address, "--function", "resize").state == "OK"
        assert check("queues", "-H", java.address, "-c", "1").state == "CRITICAL"
        assert check("server", "-H", java.address).state in ("OK", "UNKNOWN")
        command = [str(Path(sys.executable).with_name("gearmang")), "status"]
        done = subprocess.run(
            [*command, "--server", java.address], capture_output=True, text=True, timeout=20
        )
        assert done.returncode == 0
        assert done.stdout.splitlines()[1].split() == ["resize", "2", "1", "2", "-", "-", "-"]
