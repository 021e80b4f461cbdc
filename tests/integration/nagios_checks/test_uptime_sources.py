"""Ages of workers that tell gearmand nothing: from this host's processes, from earlier looks."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons.gearmand import Gearmand
from tests.daemons.registrations import Registrations
from tests.integration.nagios_checks.plugin import check


@pytest.fixture
def process() -> Iterator[str]:
    """A process that has a word of its own on its command line; gives the word."""
    word = f"worker-of-test-{os.getpid()}"
    command = [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(60)", word]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stdout.readline()
        yield word
        running.kill()


def test_a_process_has_its_age(process: str) -> None:
    run = check("uptime", "--source", "processes", "--pattern", process, "-w", "1h")
    assert run.state == "OK", run
    run = check("uptime", "--source", "processes", "--pattern", process, "-c", "10000s:")
    assert run.state == "CRITICAL", run
    assert f"oldest worker of {process} is" in run.line


def test_no_process_is_not_ok() -> None:
    # The pattern is on the command line of the check itself.
    run = check("uptime", "--source", "processes", "--pattern", "no-such-worker-anywhere")
    assert run.state == "UNKNOWN", run


def test_what_starts_the_check_is_no_worker(tmp_path: Path) -> None:
    plugin = Path(sys.executable).parent / "check_gearmang_uptime"
    line = f"{plugin} --source processes --pattern no-such-worker; exit $?"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout


def test_a_worker_gets_older_from_look_to_look(gearmand: Gearmand, tmp_path: Path) -> None:
    state = tmp_path / "seen.json"
    options = ("-H", gearmand.address, "--source", "seen", "--state", state)
    with Registrations(gearmand) as there:
        there.worker([b"resize"])
        assert check("uptime", *options).state == "OK"
        document = json.loads(state.read_text())
        for times in document["first_seen"].values():
            for name in times:
                times[name] -= 7200
        state.write_text(json.dumps(document))
        run = check("uptime", *options)
        assert run.state == "CRITICAL", run
        assert "oldest worker of resize is 2h old (limit 1h)" in run.line
    with Registrations(gearmand) as there:
        there.worker([b"resize"], b"another")
        run = check("uptime", *options)
        assert run.state == "OK", run
    assert state.stat().st_mode & 0o777 == 0o640


def test_a_server_that_fails_once_forgets_no_worker(gearmand: Gearmand, tmp_path: Path) -> None:
    state = tmp_path / "seen.json"
    options = ("-H", gearmand.address, "--source", "seen", "--state", state)
    with Registrations(gearmand) as there:
        there.worker([b"resize"])
        check("uptime", *options)
        before = json.loads(state.read_text())
        gearmand.send(signal.SIGSTOP)
        assert check("uptime", *options, "-t", "0.3").state == "CRITICAL"
        gearmand.resume()
        check("uptime", *options)
    assert json.loads(state.read_text()) == before


def test_a_state_that_cannot_be_used_is_critical(gearmand: Gearmand, tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"version": 1, "first')
    for name in ("torn.json", "no/folder.json"):
        path = tmp_path / name
        run = check("uptime", "-H", gearmand.address, "--source", "seen", "--state", path)
        assert run.state == "CRITICAL", run
        assert str(path) in run.line
