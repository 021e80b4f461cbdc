"""A command that stays and gets job after job: the samples in packaging/, by real interpreters."""

from __future__ import annotations

import os
import shutil
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

ROOT = Path(__file__).parents[3]
SAMPLES = {
    "php": "packaging/php/gearmang_worker.php",
    "node": "packaging/node/gearmang_worker.js",
    "perl": "packaging/perl/gearmang_worker.pl",
}
CODE = {
    "php": r"""<?php return function (string $data, array $job, callable $tell): string {
  if ($data === 'pid') return (string) getmypid();
  if ($data === 'describe') return "$job[function] $job[attempt] $job[id]";
  if ($data === 'print') { echo "printed\n"; return 'quiet'; }
  if ($data === 'parts') { $tell(['progress' => [1, 2], 'data' => 'half']); return 'whole'; }
  if ($data === 'throw') throw new DomainException('about to fail');
  if ($data === 'exit') { fwrite(STDERR, "about to exit\n"); exit(3); }
  if ($data === 'reject') exit(65);
  if ($data === 'segfault') { posix_kill(posix_getpid(), 11); sleep(60); }
  if ($data === 'hang') while (true) sleep(600);
  return $data;
};""",
    "node": r"""module.exports = async (data, job, tell) => {
  const what = data.toString();
  if (what === 'pid') return String(process.pid);
  if (what === 'describe') return `${job.function} ${job.attempt} ${job.id}`;
  if (what === 'print') { console.log('printed'); return 'quiet'; }
  if (what === 'parts') { tell({ progress: [1, 2], data: 'half' }); return 'whole'; }
  if (what === 'throw') throw new RangeError('about to fail');
  if (what === 'exit') { require('fs').writeSync(2, 'about to exit\n'); process.exit(3); }
  if (what === 'reject') process.exit(65);
  if (what === 'segfault') { process.kill(process.pid, 11); await new Promise(() => {}); }
  if (what === 'hang') { process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);
    await new Promise(() => {}); }
  return data;
};""",
    "perl": r"""sub {
  my ($data, $job, $tell) = @_;
  return $$ if $data eq 'pid';
  return "$job->{function} $job->{attempt} $job->{id}" if $data eq 'describe';
  if ($data eq 'print') { print "printed\n"; return 'quiet' }
  if ($data eq 'parts') { $tell->({progress => [1, 2], data => 'half'}); return 'whole' }
  die "DomainError: about to fail\n" if $data eq 'throw';
  if ($data eq 'exit') { print STDERR "about to exit\n"; exit 3 }
  exit 65 if $data eq 'reject';
  if ($data eq 'segfault') { kill 11, $$; sleep 60 }
  if ($data eq 'hang') { $SIG{TERM} = 'IGNORE'; sleep 600 while 1 }
  return $data;
};""",
}
ENDINGS = {"php": ".php", "node": ".js", "perl": ".pl"}


class Persistents:
    """Starts workers whose code is one of the samples, or a script of bash."""

    def __init__(self, folder: Path, gearmand: Gearmand) -> None:
        self._folder, self._gearmand = folder, gearmand
        self.workers: list[Worker] = []

    def start(self, language: str, *options: str) -> Worker:
        if shutil.which(language) is None:
            pytest.skip(f"there is no {language} here")
        code = self._folder / f"code{ENDINGS[language]}"
        code.write_text(CODE[language])
        return self.run(f"{language} {ROOT / SAMPLES[language]} {code}", *options)

    def run(self, command: str, *options: str) -> Worker:
        worker = Worker(self._folder, self._gearmand, "--exec-persistent", "f", *options)
        worker.command.insert(worker.command.index("--exec-persistent") + 1, command)
        self.workers.append(worker)
        worker.start()
        return worker


@pytest.fixture
def persistent(tmp_path: Path, gearmand: Gearmand):  # type: ignore[no-untyped-def]  # yields Persistents
    made = Persistents(tmp_path, gearmand)
    yield made
    for worker in made.workers:
        worker.stop()


@pytest.mark.parametrize("language", SAMPLES)
def test_one_process_does_one_job_after_another(
    language: str, persistent: Persistents, caller: Caller
) -> None:
    worker = persistent.start(language)

    first, second = caller.call("f", b"pid"), caller.call("f", b"pid")
    assert first == second
    large = os.urandom(3_000_000)
    assert caller.call("f", large) == [(wire.WORK_COMPLETE, large)]
    assert caller.call("f", b"") == [(wire.WORK_COMPLETE, b"")]
    ((_, told),) = caller.call("f", b"describe")
    function, attempt, job_id = told.decode().split()
    assert (function, attempt, len(job_id)) == ("f", "1", 32)
    assert caller.call("f", b"parts") == [
        (wire.WORK_STATUS, b"1\x002"),
        (wire.WORK_DATA, b"half"),
        (wire.WORK_COMPLETE, b"whole"),
    ]
    assert caller.call("f", b"print") == [(wire.WORK_COMPLETE, b"quiet")]
    assert caller.call("f", b"pid") == first
    worker.stop()
    if language != "perl":  # whose output is buffered until it ends
        assert "printed" in worker.output()


class Death(NamedTuple):
    how: str
    outcome: str
    error_type: str | None
    options: tuple[str, ...] = ()
    stderr: str | None = None


DEATHS = [
    Death("throw", "failure", None),
    Death("exit", "failure", "exit", (), "about to exit"),
    Death("reject", "rejected", "Reject"),
    Death("segfault", "crashed", "SIGSEGV"),
    Death("hang", "timed_out", "TimeLimitExceeded", ("--time-limit", "0.3")),
]
THROWN = {"php": "DomainException", "node": "RangeError", "perl": "DomainError"}


@pytest.mark.parametrize("death", DEATHS, ids=lambda death: death.how)
@pytest.mark.parametrize("language", SAMPLES)
def test_a_death_costs_one_attempt_and_the_next_job_runs(
    language: str,
    death: Death,
    persistent: Persistents,
    client: Client,
    letters: Letters,
    caller: Caller,
) -> None:
    worker = persistent.start(language, "--attempts", "1", *death.options)
    client.submit("f", death.how.encode())

    (dossier,) = letters.next(20.0).history

    error_type = death.error_type or THROWN[language]
    assert (dossier.outcome, dossier.error_type) == (death.outcome, error_type)
    if death.how == "throw":
        assert dossier.error_message.strip() == "about to fail"
    if death.stderr:
        assert death.stderr in (dossier.stderr or "")
    assert caller.call("f", b"alive") == [(wire.WORK_COMPLETE, b"alive")]
    assert worker.is_running()


NONSENSE = r"""bash -c 'printf "\0\0\0\1R" >&3; head -c 1 >/dev/null; yes >&3'"""
LARGE = (
    r"""bash -c 'printf "\0\0\0\1R" >&3; head -c 1 >/dev/null; printf "\x40\0\0\0D" >&3; yes >&3'"""
)


@pytest.mark.parametrize(
    ("command", "error_type", "sentence"),
    [(NONSENSE, "BadAnswer", "no frame"), (LARGE, "ValueError", "1073741824 bytes")],
    ids=["nonsense", "large"],
)
def test_what_is_no_frame_costs_one_attempt(
    command: str, error_type: str, sentence: str, persistent: Persistents, client: Client,
    letters: Letters,
) -> None:  # fmt: skip
    worker = persistent.run(command, "--attempts", "1")
    client.submit("f", b"x")

    (dossier,) = letters.next(20.0).history

    assert dossier.error_type == error_type
    assert sentence in dossier.error_message
    assert worker.is_running()


def test_a_command_that_ends_between_two_jobs_costs_no_attempt(
    persistent: Persistents, caller: Caller, tmp_path: Path
) -> None:
    script = tmp_path / "once.pl"
    script.write_text(
        (ROOT / SAMPLES["perl"]).read_text().replace("answer('F', $@);", "0;")
        .replace("while (defined(my $job = frame()))", "if (defined(my $job = frame()))")
        + f'END {{ open(my $f, ">>", "{tmp_path}/ends"); print $f "x" }}'
    )  # fmt: skip
    persistent.run(f"perl {script}", "--attempts", "1")

    for number in range(1, 4):
        assert caller.call("f", b"x") == [(wire.WORK_COMPLETE, b"x")]
        await_that(lambda: (tmp_path / "ends").read_text() == "x" * number, "it has ended")  # noqa: B023


def test_a_leak_of_the_command_is_bounded_between_jobs(
    persistent: Persistents, caller: Caller, tmp_path: Path
) -> None:
    if shutil.which("perl") is None:
        pytest.skip("there is no perl here")
    code = tmp_path / "leak.pl"
    code.write_text("my @held; sub { push @held, 'x' x 60_000_000; return $$ };")
    persistent.run(f"perl {ROOT / SAMPLES['perl']} {code}", "--max-memory", "500M")

    pids = [caller.call("f", b"")[0] for _ in range(12)]

    assert all(command == wire.WORK_COMPLETE for command, _ in pids)
    assert len(set(pids)) > 1


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("bash -c 'exit 3'", "exited with code 3; it did not say that it is ready for jobs"),
        ("cat", "no frame"),
        ("no-such-program", "there is no program no-such-program"),
    ],
)
def test_a_command_that_never_is_ready_is_told_in_one_line(
    command: str, sentence: str, gearmand: Gearmand
) -> None:
    if command == "cat":
        command = "bash -c 'printf hello >&3; sleep 9'"
    words = ["work", "--exec-persistent", command, "--function", "f"]
    done = subprocess.run(
        [BIN / "gearmang", *words, "--server", gearmand.address],
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert sentence in done.stderr


def test_a_command_ends_with_its_worker(persistent: Persistents, caller: Caller) -> None:
    worker = persistent.start("perl")
    ((_, pid),) = caller.call("f", b"pid")

    worker.kill()

    def is_gone() -> bool:
        with suppress(ProcessLookupError):
            os.kill(int(pid), 0)
            return False
        return True

    began = time.monotonic()
    await_that(is_gone, "it reads the end of its jobs", 10)
    assert time.monotonic() - began < 10
