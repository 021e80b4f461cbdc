"""What knows no deadline of its own: the check ends in time all the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemons.process import free_port
from tests.integration.nagios_checks.plugin import check


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


def test_an_ok_that_nobody_can_read_is_none(tmp_path: Path) -> None:
    plugin = Path(sys.executable).parent / "check_gearmang_queues"
    for redirection in (">&-", ">/dev/full"):
        line = f"{plugin} -H 127.0.0.1:{free_port()} {redirection}"
        done = subprocess.run(["sh", "-c", line], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (3, b"")
