"""No job is lost, doubled or touched on its way, whoever else serves its function."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.job.client import Client
from gearmang.job.submission import Packed
from gearmang.protocol import wire
from gearmang.protocol.connection import Connection
from gearmang.protocol.key import JobKey, mark_of
from gearmang.protocol.server import Server
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN, Worker
from tests.daemons.process import Process, await_that
from tests.integration.worker.conftest import Caller, Letters, StartWorker
from tests.integration.worker.proxy import SlowConfirmations

ACT = "tests.integration.worker.behaviours:act"


def key(number: int, *, not_before: int | None = None, function: str = "act") -> str:
    """A unique key of ours, made as any client may make one."""
    return str(JobKey(f"{number:032x}", time.time(), mark_of(function), 1, 1, not_before))


def test_one_failing_job_is_started_no_oftener_than_its_attempts_though_confirmations_are_late(
    gearmand: Gearmand, letters: Letters, tmp_path: Path, notes: Path
) -> None:
    proxy = SlowConfirmations(gearmand.port, 12.0, lasting=15.0)
    worker = Worker(tmp_path, gearmand, ACT, "act")
    worker.command[worker.command.index(gearmand.address)] = proxy.address
    with Client([gearmand.address]) as client, worker:
        for _ in client.queue([Packed("act", b"note_and_fail started", key(1))]):
            pass
        letter = letters.next(75.0)

    proxy.close()
    assert letter.job_id == f"{1:032x}"
    assert notes.read_text().count("started") == 3


@pytest.mark.parametrize("clock", ["sent by hand", "kept by gearmand"])
def test_a_fresh_job_starts_within_a_second_beside_ten_thousand_that_are_too_early(
    clock: str, gearmand: Gearmand, start: StartWorker, client: Client, notes: Path
) -> None:
    at = int(time.time()) + 3600
    worker = start(ACT, function="act")
    early = (
        Packed("act", b"note early", key(n, not_before=at), at=at if "kept" in clock else None)
        for n in range(10_000)
    )
    assert sum(1 for _ in client.queue(early)) == 10_000
    if clock == "sent by hand":
        await_that(lambda: gearmand.functions()["act"][1] == 0, "all have gone back", 60)
    began = time.time()
    client.submit("act", b"note fresh")

    await_that(lambda: notes.read_text(), "the fresh job runs", 20)

    assert time.time() - began < 1.0
    assert notes.read_text() == "fresh\n"
    assert worker.is_running()
    assert gearmand.functions()["act"][0] == 10_000


FOREIGN = """
import sys, gearman
worker = gearman.GearmanWorker([sys.argv[1]])
def act(_worker, job):
    with open(sys.argv[2], "ab") as got:
        got.write(job.data + b"\\n")
    return b"ok"
worker.register_task(b"act", act)
worker.work()
"""


def test_a_retry_reaches_a_worker_of_another_make_byte_for_byte(
    gearmand: Gearmand, start: StartWorker, client: Client, tmp_path: Path
) -> None:
    got = tmp_path / "got"
    got.touch()
    start(ACT, "--attempts", "1000", function="act")
    command: list[str | Path] = [sys.executable, "-c", FOREIGN, gearmand.address, got]
    with Process(command, tmp_path / "foreign.log"):
        await_that(lambda: gearmand.functions()["act"][2] == 2, "both are registered")
        payloads = [b"value_error \xff%d" % number for number in range(50)]
        jobs = (Packed("act", payload, key(n)) for n, payload in enumerate(payloads))
        assert len(list(client.queue(jobs))) == len(payloads)
        await_that(lambda: gearmand.functions()["act"][0] == 0, "all are done", 60)

    assert sorted(got.read_bytes().splitlines()) == sorted(payloads)


def test_two_jobs_under_one_key_of_a_users_die_two_deaths(
    gearmand: Gearmand, start: StartWorker, client: Client, letters: Letters
) -> None:
    start(ACT, "--attempts", "1", function="act")
    unique = "3f2b8c1e-9a54-4d0c-8e7d-5a1b2c3d4e5f"
    found = []
    for payload in (b"value_error 1", b"value_error 2"):
        assert len(list(client.queue([Packed("act", payload, unique)]))) == 1
        found.append(letters.next())
        # Until it is let go, gearmand joins another job under its key to it.
        await_that(lambda: gearmand.functions()["act"][0] == 0, "the job is let go")

    assert [letter.payload for letter in found] == [b"value_error 1", b"value_error 2"]
    assert found[0].death_id != found[1].death_id


def test_a_job_above_the_bound_is_a_dead_letter_without_its_payload_and_costs_no_connection(
    gearmand: Gearmand, start: StartWorker, client: Client, letters: Letters, caller: Caller
) -> None:
    worker = start(ACT, "--max-payload", "1M", function="act")
    for _ in client.queue([Packed("act", b"x" * 3_000_000, key(7))]):
        pass

    letter = letters.next()

    assert (letter.job_id, letter.payload) == (f"{7:032x}", b"")
    assert letter.history[0].error_type == "TooLarge"
    assert "3,000,000 bytes" in letter.history[0].error_message
    assert caller.call("act", b"cat x")[0][0] == wire.WORK_COMPLETE
    assert "closed" not in worker.output()
    assert worker.output().count("is connected") == 1


def test_a_large_job_costs_no_process_more_than_three_times_its_size(
    gearmand: Gearmand, start: StartWorker, client: Client, letters: Letters
) -> None:
    size = 90 * 1024 * 1024
    worker = start(ACT, "--attempts", "2", function="act")
    before = _peak(worker.pid)
    for _ in client.queue([Packed("act", b"value_error " + b"x" * size, key(8))]):
        pass
    connection = Connection(Server.parse(gearmand.address))
    await_that(lambda: gearmand.functions().get("gearmang", (0, 0, 0))[0] == 1, "it is dead", 60)
    connection.close()

    assert _peak(worker.pid) - before <= 3.05 * size
    assert worker.output().count("is connected") == 1


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.fixture
def hostile() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_a_server_that_gives_jobs_unasked_does_not_make_a_worker_grow(
    hostile: socket.socket, tmp_path: Path
) -> None:
    address = f"127.0.0.1:{hostile.getsockname()[1]}"
    body = b"H:x:1\0act\0u\0" + b"x" * 1_000_000
    packet = b"\0RES" + (31).to_bytes(4, "big") + len(body).to_bytes(4, "big") + body
    gearmand = Gearmand(tmp_path, port=hostile.getsockname()[1])
    worker = Worker(tmp_path, gearmand, ACT, "act")
    worker.await_ready = lambda: None  # type: ignore[method-assign]  # no gearmand answers
    with worker:
        sent = 0
        until = time.monotonic() + 3
        hostile.settimeout(5)
        while time.monotonic() < until:
            connection, _ = hostile.accept()
            try:
                while time.monotonic() < until:
                    connection.sendall(packet)
                    sent += 1
            except OSError:
                connection.close()
        assert sent > 0
        assert "gave a job that nobody had asked for" in worker.output(), address
        assert _peak(worker.pid) < 100 * 1024 * 1024


@pytest.mark.parametrize("number", range(9))
def test_the_reason_why_code_cannot_be_used_is_always_told(
    number: int, gearmand: Gearmand, tmp_path: Path
) -> None:
    bad = ["class Bad:", " def __call__(self, job): ...", " def on_start(self):"]
    (tmp_path / "bad.py").write_text("\n".join([*bad, "  raise OSError('no database')"]))
    command = ["work", f"{tmp_path}/bad.py:Bad", "--function", "f", "--server", gearmand.address]
    done = subprocess.run([BIN / "gearmang", *command], capture_output=True, text=True, timeout=30)

    assert done.returncode == 1
    assert "on_start raised OSError: no database" in done.stderr


def test_without_descriptors_the_worker_says_so_waits_and_goes_on(
    gearmand: Gearmand, start: StartWorker, caller: Caller
) -> None:
    import resource

    worker = start(ACT, "--max-jobs", "1", function="act")
    before = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (14, before[1]))
    caller.call("act", b"pid")
    await_that(lambda: "Too many open files" in worker.output(), "the worker says so")
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, before)

    assert caller.call("act", b"pid")[0][0] == wire.WORK_COMPLETE
    assert "Traceback" not in worker.output()


def test_what_a_job_left_behind_in_a_session_of_its_own_is_ended_by_the_next_start(
    gearmand: Gearmand, start: StartWorker, client: Client, notes: Path
) -> None:
    worker = start(ACT, function="act")
    client.submit("act", b"leave_a_session")
    await_that(lambda: notes.read_text(), "the job has left a process behind")
    left = int(notes.read_text())
    worker.kill()
    assert Path(f"/proc/{left}").exists()

    again = start(ACT, function="act")

    await_that(lambda: not _lives(left), "it is gone")
    assert f"process {left} was left behind" in again.output()


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_no_orphan_of_a_job_stays_a_zombie(
    gearmand: Gearmand, start: StartWorker, client: Client
) -> None:
    worker = start(ACT, function="act")
    client.submit_many(("act", b"leave_a_short_child") for _ in range(50))
    await_that(lambda: gearmand.functions()["act"][0] == 0, "all are done")

    def zombies() -> int:
        states: Counter[str] = Counter()
        for child in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split():
            states[Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0]] += 1
        return states["Z"]

    await_that(lambda: not zombies(), "all are reaped", 5)


def test_what_a_job_leaves_in_one_slot_ends_with_its_executor_and_not_with_another(
    gearmand: Gearmand, start: StartWorker, client: Client, notes: Path
) -> None:
    start(ACT, "--processes", "2", "--attempts", "1", function="act")
    client.submit("act", b"leave_a_session_and_sleep 3")
    await_that(lambda: notes.read_text(), "the job has left a process behind")
    left = int(notes.read_text())
    client.submit("act", b"crash")
    await_that(lambda: "gearmang" in gearmand.functions(), "the other slot's job has died")

    assert _lives(left)
