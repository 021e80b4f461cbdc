"""What knows no deadline of its own: the check ends in time all the same."""

import os
import pwd
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.daemons.process import free_port
from tests.integration.nagios_checks.plugin import FOLDER, check


@pytest.mark.parametrize(
    ("name", "option"),
    [("dead_letters", "--store"), ("tasks", "--records"), ("all", "--config")],
)
def test_a_file_that_never_opens_ends_by_the_timeout(
    tmp_path: Path, name: str, option: str
) -> None:
    pipe = tmp_path / "tasks.jsonl"
    os.mkfifo(pipe)
    run = check(name, option, pipe, "-t", "0.5")
    assert run.state == "CRITICAL", run
    assert run.line.startswith(f"GEARMANG_{name.upper()} CRITICAL - ")
    assert run.seconds < 1.5
    assert check(name, option, pipe, "-t", "0.5:UNKNOWN").state != "OK"


NAMES = {15: "SIGTERM", 14: "SIGALRM", 1: "SIGHUP", 2: "SIGINT"}


def hanging(tmp_path: Path) -> subprocess.Popen[str]:
    """A check that waits for a file that nobody writes, and has come so far."""
    pipe = tmp_path / "tasks.jsonl"
    os.mkfifo(pipe)
    command: list[str | Path] = [FOLDER / "check_gearmang_tasks", "--records", pipe, "-t", "20"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    writer = os.open(pipe, os.O_WRONLY)  # returns once the check has opened it to read
    os.set_inheritable(writer, False)
    return running


@pytest.mark.parametrize("number", NAMES)
def test_a_check_that_is_ended_by_a_signal_leaves_with_a_line_and_a_state(
    tmp_path: Path, number: int
) -> None:
    with hanging(tmp_path) as running:
        running.send_signal(number)
        output = running.communicate(timeout=10)[0]
    assert running.returncode == 3
    assert output == (
        f"GEARMANG_TASKS UNKNOWN - ended by {NAMES[number]} before there was a result\n"
    )


def test_a_check_that_is_granted_no_thread_ends_in_time_all_the_same(tmp_path: Path) -> None:
    pipe = tmp_path / "tasks.jsonl"
    os.mkfifo(pipe)
    user = pwd.getpwnam("nobody").pw_uid
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:3]:
        parent.chmod(0o755)
    pipe.chmod(0o644)
    begun = time.monotonic()
    done = subprocess.run(
        [FOLDER / "check_gearmang_tasks", "--records", pipe, "-t", "0.5"],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        user=user,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)),
    )
    assert time.monotonic() - begun < 1.5
    assert done.returncode == 2
    assert done.stdout == "GEARMANG_TASKS CRITICAL - no result within 0.5 s\n"


def test_an_ok_that_nobody_can_read_is_none(tmp_path: Path) -> None:
    plugin = Path(sys.executable).parent / "check_gearmang_queues"
    for redirection in (">&-", ">/dev/full"):
        line = f"{plugin} -H 127.0.0.1:{free_port()} {redirection}"
        done = subprocess.run(["sh", "-c", line], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (3, b"")
