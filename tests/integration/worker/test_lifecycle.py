"""How a worker ends, pauses and tells of itself."""

import signal
import socket
import time
from pathlib import Path

import pytest

from gearmang.job.client import Client
from gearmang.protocol import wire
from gearmang.watch.worker_id import WorkerId
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.process import Process, await_that
from tests.integration.worker.conftest import Caller, Letters, StartWorker

ACT = "tests.integration.worker.behaviours:act"


def test_the_client_id_tells_function_host_pid_and_start(
    gearmand: Gearmand, start: StartWorker
) -> None:
    worker = start(ACT, function="act")

    ids = [line.split()[2] for line in gearmand.ask("workers").splitlines() if " : act" in line]

    own = WorkerId.parse(ids[0])
    assert own is not None
    assert (own.name, own.host, own.pid) == ("act", socket.gethostname(), worker.pid)
    assert abs(time.time() - own.started) < 30


def test_the_worker_ends_with_0_when_its_lifetime_is_over(start: StartWorker) -> None:
    worker = start(ACT, "--lifetime", "0.5", function="act")

    assert worker.wait() == 0


def test_a_running_job_outlives_the_lifetime(
    client: Client, start: StartWorker, notes: Path, gearmand: Gearmand
) -> None:
    worker = start(ACT, "--lifetime", "1", function="act")
    client.submit("act", b"sleep 2")

    assert worker.wait() == 0
    assert notes.read_text() == "started\nslept\n"
    assert gearmand.functions()["act"][0] == 0


def test_sigterm_lets_the_running_job_end_and_takes_no_other(
    client: Client, start: StartWorker, notes: Path, gearmand: Gearmand
) -> None:
    worker = start(ACT, function="act")
    client.submit_many([("act", b"sleep 1"), ("act", b"note another")])
    await_that(lambda: "started" in notes.read_text(), "the job runs")

    worker.send(signal.SIGTERM)

    assert worker.wait() == 0
    assert notes.read_text() == "started\nslept\n"
    assert gearmand.functions()["act"][0] == 1


def test_a_job_that_outlasts_the_grace_is_queued_again_without_counting(
    client: Client, caller: Caller, start: StartWorker, notes: Path, gearmand: Gearmand
) -> None:
    worker = start(ACT, "--grace", "0.3", function="act")
    client.submit("act", b"sleep 60")
    await_that(lambda: "started" in notes.read_text(), "the job runs")

    worker.send(signal.SIGTERM)

    assert worker.wait() == 75
    assert gearmand.functions()["act"] == (1, 0, 0)
    assert "attempt 1: lost, WorkerStopped" in worker.output()


def test_a_second_sigterm_ends_at_once_and_gives_the_job_back(
    client: Client, start: StartWorker, notes: Path, gearmand: Gearmand
) -> None:
    worker = start(ACT, function="act")
    client.submit("act", b"sleep 60")
    await_that(lambda: "started" in notes.read_text(), "the job runs")

    worker.send(signal.SIGTERM)
    await_that(lambda: "SIGTERM" in worker.output(), "the first was heard")
    worker.send(signal.SIGTERM)

    assert worker.wait(3) == 75
    await_that(lambda: gearmand.functions()["act"] == (1, 0, 0), "the job is queued")


def test_sigtstp_stops_taking_jobs_until_sigcont(
    client: Client, start: StartWorker, notes: Path
) -> None:
    worker = start(ACT, function="act")
    worker.send(signal.SIGTSTP)
    await_that(lambda: "SIGTSTP" in worker.output(), "the signal was heard")
    client.submit("act", b"note done")
    time.sleep(0.3)  # nothing is to happen
    assert notes.read_text() == ""

    worker.send(signal.SIGCONT)

    await_that(lambda: notes.read_text() == "done\n", "the job is done")


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGUSR2])
def test_a_signal_prints_all_stacks_and_the_job_at_hand(
    number: signal.Signals, client: Client, start: StartWorker, notes: Path
) -> None:
    worker = start(ACT, function="act")
    job_id = client.submit("act", b"sleep 1").job_id or "?"
    await_that(lambda: "started" in notes.read_text(), "the job runs")

    worker.send(number)

    await_that(lambda: "in do_sleep" in worker.output(), "the executor's stack is printed")
    assert "supervisor.py" in worker.output()
    assert job_id in worker.output()
    assert worker.is_running()


def test_systemd_is_told_of_readiness_state_and_life(
    gearmand: Gearmand, start: StartWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "400000")
        worker = start(ACT, function="act")
        heard = [systemd.recv(1000).decode() for _ in range(6)]
        worker.send(signal.SIGTERM)
        while heard[-1] != "STOPPING=1":
            heard.append(systemd.recv(1000).decode())

    assert "READY=1" in heard
    assert heard.count("WATCHDOG=1") >= 2
    assert any(text.startswith("STATUS=act: 0 done") for text in heard)


def test_code_that_is_not_there_ends_the_worker_with_one_line(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    command: list[str | Path] = [BIN / "gearmang", "work", "nowhere:f", "--function", "f"]
    with Process([*command, "--server", gearmand.address], tmp_path / "log") as worker:
        assert worker.wait() == 1

    assert worker.output() == (
        "gearmang: there is no module nowhere; start the worker in the folder that holds it, "
        "or set PYTHONPATH\n"
    )


def test_an_executor_is_replaced_after_its_most_jobs(caller: Caller, start: StartWorker) -> None:
    start(ACT, "--max-jobs", "2", function="act")

    pids = [caller.call("act", b"pid")[0][1] for _ in range(4)]

    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_an_executor_that_has_grown_is_replaced_after_its_job(
    caller: Caller, start: StartWorker
) -> None:
    start(ACT, "--max-memory", "150M", function="act")

    # Small steps: one that takes longer than the supervisor's next look would be killed in it.
    pids = [caller.call("act", b"grow 4")[0] for _ in range(50)]

    assert all(command == wire.WORK_COMPLETE for command, _ in pids)
    assert len(set(pids)) > 1


def test_an_executor_outlives_a_failed_job_only_when_it_is_to(
    caller: Caller, start: StartWorker
) -> None:
    start(ACT, "--reply-only", "--keep-after-failure", function="act")

    before = caller.call("act", b"pid")
    caller.call("act", b"value_error x")

    assert caller.call("act", b"pid") == before


def test_several_processes_work_at_once_and_are_restarted(
    gearmand: Gearmand, client: Client, tmp_path: Path, notes: Path
) -> None:
    command: list[str | Path] = [
        BIN / "gearmang",
        "work",
        ACT,
        "--function",
        "act",
        "--server",
        gearmand.address,
    ]
    options = ["--processes", "3", "--lifetime", "1"]
    with Process([*command, *options], tmp_path / "log") as fleet:
        await_that(lambda: len(_ids(gearmand)) == 3, "three are registered")
        first = _ids(gearmand)

        await_that(lambda: len(_ids(gearmand) - first) >= 3, "all have been restarted")
        client.submit_many(("act", b"note x") for _ in range(10))
        await_that(lambda: notes.read_text() == "x\n" * 10, "the jobs are done")

        assert fleet.stop() == 0
        assert not _ids(gearmand)


def _ids(gearmand: Gearmand) -> set[str]:
    return {line.split()[2] for line in gearmand.ask("workers").splitlines() if " : act" in line}


def test_the_end_of_a_worker_is_not_the_end_of_its_jobs_dead_letter(
    client: Client, letters: Letters, start: StartWorker
) -> None:
    worker = start(ACT, "--attempts", "1", "--lifetime", "0.3", function="act")
    client.submit("act", b"crash")

    assert letters.next().history[0].error_type == "SIGABRT"
    assert worker.wait() == 0
