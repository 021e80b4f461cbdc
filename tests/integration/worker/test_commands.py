"""Any command as a job's code: in whatever language, its deaths cost one attempt of one job."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from gearmang.job.client import Client
from gearmang.protocol import wire
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN, Worker
from tests.daemons.process import await_that
from tests.integration.worker.conftest import Caller, Letters

BASH = r"""
read -r what
case $what in
  live) printf alive ;;
  describe) printf '%s %s %s %s' "$GEARMANG_FUNCTION" "$GEARMANG_ATTEMPT" "$GEARMANG_JOB_ID" \
      "$(test -d "$GEARMANG_TMP" && echo folder)" ;;
  segfault) echo about to die >&2; kill -SEGV $$ ;;
  fail) echo about to fail >&2; exit 3 ;;
  reject) exit 65 ;;
  retry) test "$GEARMANG_ATTEMPT" = 2 && { printf again; exit; }
      echo '{"retry_after": 0.2}' >&3; exit 75 ;;
  hang) trap '' TERM; sleep 600; sleep 600 ;;
  polite) trap 'echo cleaned up >&2; exit 4' TERM; sleep 600 & wait ;;
  flood) yes | head -c 1073741824 ;;
  flood_stderr) yes | head -c 1073741824 >&2; exit 1 ;;
  bomb) for n in {1..20}; do setsid sleep 600 & done; exit 1 ;;
  leave) sleep 600 & printf left ;;
  parts) echo '{"progress": [1, 2], "data": "half"}' >&3; echo nonsense >&3; printf whole ;;
  slow) echo "$$" >>"$NOTES"; sleep 2; printf done ;;
esac
"""
PHP = r"""<?php
$what = trim(stream_get_contents(STDIN));
if ($what === 'live') { echo 'alive'; }
elseif ($what === 'fail') { fwrite(STDERR, "about to fail\n"); exit(3); }
elseif ($what === 'segfault') { fwrite(STDERR, "about to die\n"); posix_kill(posix_getpid(), 11); }
elseif ($what === 'hang') { while (true) { sleep(600); } }
"""
NODE = r"""
const what = require('fs').readFileSync(0, 'utf8').trim();
if (what === 'live') process.stdout.write('alive');
if (what === 'fail') { process.stderr.write('about to fail\n'); process.exit(3); }
if (what === 'segfault') { require('fs').writeSync(2, 'about to die\n');
  process.kill(process.pid, 11); }
if (what === 'hang') { process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); }
"""
LANGUAGES = {"bash": BASH, "php": PHP, "node": NODE}


class Commands:
    """Starts workers whose code is a script."""

    def __init__(self, folder: Path, gearmand: Gearmand) -> None:
        self._folder, self._gearmand = folder, gearmand
        self.workers: list[Worker] = []

    def start(self, language: str, *options: str) -> Worker:
        script = self._folder / ("script.js" if language == "node" else f"script.{language}")
        script.write_text(LANGUAGES[language])
        worker = Worker(self._folder, self._gearmand, "--exec", "f", *options)
        worker.command.insert(worker.command.index("--exec") + 1, f"{language} {script}")
        self.workers.append(worker)
        worker.start()
        return worker


@pytest.fixture
def commands(tmp_path: Path, gearmand: Gearmand):  # type: ignore[no-untyped-def]  # yields Commands
    made = Commands(tmp_path, gearmand)
    yield made
    for worker in made.workers:
        worker.stop()


class Death(NamedTuple):
    how: str
    outcome: str
    error_type: str
    options: tuple[str, ...] = ()
    stderr: str | None = None


LIMIT = ("--time-limit", "2")  # an interpreter takes its time to start on a busy machine
IN_ALL = [
    Death("fail", "failure", "exit", (), "about to fail"),
    Death("segfault", "crashed", "SIGSEGV", (), "about to die"),
    Death("hang", "timed_out", "TimeLimitExceeded", LIMIT),
]
IN_BASH = [
    Death("reject", "rejected", "Reject"),
    Death("polite", "timed_out", "TimeLimitExceeded", LIMIT, "cleaned up"),
    Death("flood", "failure", "ValueError"),
    Death("flood_stderr", "failure", "exit"),
    Death("bomb", "failure", "exit"),
]
CASES = [(language, death) for language in LANGUAGES for death in IN_ALL]
CASES += [("bash", death) for death in IN_BASH]


@pytest.mark.parametrize(("language", "death"), CASES, ids=lambda case: getattr(case, "how", case))
def test_a_death_costs_one_attempt_and_the_next_job_runs(
    language: str,
    death: Death,
    commands: Commands,
    client: Client,
    letters: Letters,
    caller: Caller,
) -> None:
    if shutil.which(language) is None:
        pytest.skip(f"there is no {language} here")
    worker = commands.start(language, "--attempts", "1", *death.options)
    client.submit("f", f"{death.how}\n".encode())

    (dossier,) = letters.next(20.0).history

    assert (dossier.outcome, dossier.error_type) == (death.outcome, death.error_type)
    if death.stderr:
        assert death.stderr in (dossier.stderr or "")
    assert caller.call("f", b"live\n") == [(wire.WORK_COMPLETE, b"alive")]
    assert worker.is_running()


def test_a_command_knows_its_job(commands: Commands, caller: Caller) -> None:
    commands.start("bash")

    ((_, told),) = caller.call("f", b"describe\n")

    function, attempt, job_id, folder = told.decode().split()
    assert (function, attempt, len(job_id), folder) == ("f", "1", 32, "folder")


def test_a_command_tells_progress_and_parts_and_nonsense_costs_nothing(
    commands: Commands, caller: Caller
) -> None:
    worker = commands.start("bash")

    assert caller.call("f", b"parts\n") == [
        (wire.WORK_STATUS, b"1\x002"),
        (wire.WORK_DATA, b"half"),
        (wire.WORK_COMPLETE, b"whole"),
    ]
    await_that(lambda: "descriptor 3: b'nonsense'" in worker.output(), "the nonsense is told")


def test_a_command_asks_for_another_try(
    commands: Commands, client: Client, gearmand: Gearmand
) -> None:
    worker = commands.start("bash", "--attempts", "2")
    client.submit("f", b"retry\n")

    await_that(lambda: "queued again for" in worker.output(), "the first attempt")
    await_that(lambda: gearmand.functions()["f"][0] == 0, "the second has worked")

    assert "gearmang" not in gearmand.functions()


def test_what_a_command_leaves_in_its_group_ends_with_it(
    commands: Commands, caller: Caller
) -> None:
    worker = commands.start("bash")
    assert caller.call("f", b"leave\n") == [(wire.WORK_COMPLETE, b"left")]

    listed = subprocess.run(["ps", "-o", "args", "-e"], capture_output=True, text=True, check=True)
    assert "sleep 600" not in listed.stdout.splitlines()
    assert worker.is_running()


def test_a_signal_to_all_processes_counts_no_attempt(
    commands: Commands, client: Client, notes: Path, gearmand: Gearmand
) -> None:
    worker = commands.start("bash", "--attempts", "1")
    client.submit("f", b"slow\n")
    await_that(lambda: notes.read_text(), "the command runs")

    for pid in (worker.pid, *_descendants(worker.pid)):  # the order that systemd keeps to
        with suppress(ProcessLookupError):  # it has ended with its parent
            os.kill(pid, signal.SIGTERM)

    assert worker.wait() == 0
    assert gearmand.functions()["f"][0] == 1
    assert "gearmang" not in gearmand.functions()


def _descendants(pid: int) -> list[int]:
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [*_descendants(int(child)), int(child)]
    return found


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("no-such-program x", "there is no program no-such-program; give its path, or set PATH"),
        ("cat 'x", "is no command line: No closing quotation"),
        ("", "an empty command line names no program"),
    ],
)
def test_a_command_that_cannot_be_run_is_told_in_one_line(
    command: str, sentence: str, gearmand: Gearmand
) -> None:
    began = time.monotonic()
    words = ["work", "--exec", command, "--function", "f", "--server", gearmand.address]
    done = subprocess.run([BIN / "gearmang", *words], capture_output=True, text=True, timeout=20)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr
    assert time.monotonic() - began < 15


def test_records_of_commands_are_like_those_of_functions(
    commands: Commands, client: Client, gearmand: Gearmand, tmp_path: Path
) -> None:
    commands.start("bash", "--records", str(tmp_path / "records"), "--attempts", "1")
    client.submit_many(("f", what) for what in (b"live\n", b"segfault\n"))
    await_that(lambda: "gearmang" in gearmand.functions(), "one is dead")

    found = [
        json.loads(line)
        for path in (tmp_path / "records").iterdir()
        for line in path.read_text().splitlines()
    ]
    assert sorted(record["outcome"] for record in found) == ["failure", "success"]
