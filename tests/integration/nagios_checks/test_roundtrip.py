"""A job to a real worker and back; and nothing left in gearmand when it does not come back."""

import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import Worker
from tests.daemons.process import await_that
from tests.daemons.registrations import Registrations
from tests.integration.nagios_checks.plugin import check

ECHO = "gearmang_echo"


@pytest.fixture
def echo(gearmand: Gearmand) -> Iterator[subprocess.Popen[bytes]]:
    """The worker of gearman-tools, which gives back what it gets."""
    command = [
        "gearman",
        "-h",
        "127.0.0.1",
        "-p",
        str(gearmand.port),
        "-w",
        "-f",
        ECHO,
        "--",
        "cat",
    ]
    worker = subprocess.Popen(command)
    await_that(lambda: ECHO in gearmand.functions(), "the echo worker is registered")
    yield worker
    worker.kill()
    worker.wait()


def waiting(gearmand: Gearmand) -> int:
    return sum(total for total, _, _ in gearmand.functions().values())


def test_an_echo_is_back_in_time(gearmand: Gearmand, echo: subprocess.Popen[bytes]) -> None:
    run = check("roundtrip", "-H", gearmand.address)
    assert run.state == "OK", run
    assert 0 < run.perfdata["roundtrip"] < 1
    assert waiting(gearmand) == 0


def test_the_worker_that_is_shipped_echoes(gearmand: Gearmand, tmp_path: Path) -> None:
    with Worker(tmp_path, gearmand, "nagios_checks.echo:echo", ECHO):
        run = check("roundtrip", "-H", gearmand.address)
    assert run.state == "OK", run


def test_a_slow_echo_breaks_the_limits(gearmand: Gearmand, echo: subprocess.Popen[bytes]) -> None:
    assert check("roundtrip", "-H", gearmand.address, "-w", "0.000001s").state == "WARNING"
    assert check("roundtrip", "-H", gearmand.address, "-c", "0.000001s").state == "CRITICAL"


def test_a_frozen_worker_leaves_no_job_behind(
    gearmand: Gearmand, echo: subprocess.Popen[bytes]
) -> None:
    echo.send_signal(signal.SIGSTOP)
    for _ in range(2):
        run = check("roundtrip", "-H", gearmand.address, "-t", 1)
        assert run.state == "CRITICAL", run
        assert "did not come back: no worker took it" in run.line
        assert run.seconds < 2
    assert waiting(gearmand) == 0
    assert gearmand.ask("show jobs") == ".\n"
    echo.send_signal(signal.SIGCONT)
    assert check("roundtrip", "-H", gearmand.address).state == "OK"


def test_a_worker_that_hangs_in_the_job_is_told_apart(gearmand: Gearmand) -> None:
    command = ["gearman", "-h", "127.0.0.1", "-p", str(gearmand.port), "-w", "-f", ECHO]
    with subprocess.Popen([*command, "--", "sleep", "30"]) as worker:
        await_that(lambda: ECHO in gearmand.functions(), "the worker is registered")
        run = check("roundtrip", "-H", gearmand.address, "-t", 1)
        worker.kill()
    assert run.state == "CRITICAL"
    assert "a worker has it and gives no answer" in run.line


def test_a_function_that_is_no_echo_is_told(gearmand: Gearmand) -> None:
    command = ["gearman", "-h", "127.0.0.1", "-p", str(gearmand.port), "-w", "-f", "rev"]
    with subprocess.Popen([*command, "--", "rev"]) as worker:
        await_that(lambda: "rev" in gearmand.functions(), "the worker is registered")
        run = check("roundtrip", "-H", gearmand.address, "--echo-function", "rev")
        worker.kill()
    assert run.state == "CRITICAL"
    assert "came back changed" in run.line


def test_the_job_of_somebody_else_is_left_alone(gearmand: Gearmand) -> None:
    with Registrations(gearmand) as there:
        there.worker([ECHO.encode()])  # it is registered, and takes nothing
        there.submit(ECHO.encode(), 2)
        run = check("roundtrip", "-H", gearmand.address, "-t", 1)
        assert run.state == "CRITICAL", run
        await_that(lambda: gearmand.functions()[ECHO][:2] == (2, 0), "both wait again")


def test_two_monitors_do_not_take_each_others_probes(gearmand: Gearmand) -> None:
    with Registrations(gearmand) as there:
        there.worker([ECHO.encode()])
        commands = [["-H", gearmand.address, "-t", "1"], ["-H", gearmand.address, "-t", "1.5"]]
        with ThreadPoolExecutor() as pool:
            runs = list(pool.map(lambda options: check("roundtrip", *options), commands))
        assert [run.state for run in runs] == ["CRITICAL", "CRITICAL"]
        assert waiting(gearmand) == 0


def test_each_server_gets_a_probe_of_its_own(
    gearmand: Gearmand, echo: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    with Gearmand(tmp_path) as other:
        run = check("roundtrip", "-H", gearmand.address, "-H", other.address)
    assert run.state == "CRITICAL"
    assert run.line.endswith(f"no worker serves gearmang_echo, nothing was sent on {other.address}")
    assert len(run.perfdata) == 1
