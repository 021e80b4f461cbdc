"""The list of ways to die: the job is retried, then dead with its dossier; the worker lives on."""

import os
import signal
from pathlib import Path
from typing import NamedTuple

import pytest

from gearmang.job.client import Client
from gearmang.job.dossier import Dossier
from gearmang.protocol import wire
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import Worker
from tests.daemons.process import await_that
from tests.integration.worker.conftest import TARGET, Caller, Letters, StartWorker

ATTEMPTS = 2


class Death(NamedTuple):
    """One way to die and what its dossier says."""

    how: str
    outcome: str
    error_type: str
    options: tuple[str, ...] = ()
    function: str = ""  # the innermost of the user's frames


LIMIT = ("--time-limit", "0.3")

DEATHS = [
    Death("exception", "failure", "RuntimeError", (), "by_exception"),
    Death("abort", "crashed", "SIGABRT", (), "by_abort"),
    Death("segfault", "crashed", "SIGSEGV", (), "by_segfault"),
    Death("kill_from_outside", "crashed", "SIGKILL"),
    Death("sys_exit", "failure", "SystemExit", (), "by_sys_exit"),
    Death("os_exit", "crashed", "exit"),
    Death("endless_loop", "timed_out", "TimeLimitExceeded", LIMIT, "by_endless_loop"),
    Death("leak", "out_of_memory", "OutOfMemory", ("--max-memory", "200M"), "by_leak"),
    Death("fork_bomb", "failure", "RuntimeError", (), "by_fork_bomb"),
    Death("flood", "failure", "RuntimeError", (), "by_flood"),
    Death("closing_everything", "crashed", "closed"),
    Death("unspeakable_result", "failure", "TypeError"),
    Death("forking_itself", "failure", "RuntimeError", (), "by_forking_itself"),
]


@pytest.mark.parametrize("death", DEATHS, ids=lambda death: death.how)
def test_the_job_is_retried_then_dead_and_the_next_job_runs(
    death: Death,
    gearmand: Gearmand,
    client: Client,
    caller: Caller,
    letters: Letters,
    start: StartWorker,
) -> None:
    worker = start(TARGET, "--attempts", str(ATTEMPTS), *death.options)
    submitted = client.submit("die", death.how)

    letter = letters.next()

    assert letter.job_id == submitted.job_id
    assert letter.function == "die"
    assert letter.server == gearmand.address
    assert [dossier.attempt for dossier in letter.history] == [1, 2]
    for dossier in letter.history:
        _check(dossier, death)
    assert caller.call("die", b'"live"') == [(wire.WORK_COMPLETE, b'"alive"')]
    assert worker.is_running()
    _end(worker)


def test_a_sleep_in_c_that_ignores_signals_is_killed_five_seconds_after_the_limit(
    client: Client, caller: Caller, letters: Letters, start: StartWorker
) -> None:
    worker = start(TARGET, "--attempts", "2", "--time-limit", "0.2")
    client.submit("die", "deaf_sleep")

    history = letters.next(timeout=20.0).history

    assert [dossier.outcome for dossier in history] == ["timed_out"] * 2
    assert [dossier.signal for dossier in history] == [signal.SIGKILL] * 2
    for dossier in history:
        assert dossier.duration_seconds is not None
        assert 5.0 < dossier.duration_seconds < 7.0
    assert caller.call("die", b'"live"') == [(wire.WORK_COMPLETE, b'"alive"')]
    _end(worker)


def _check(dossier: Dossier, death: Death) -> None:
    assert (dossier.outcome, dossier.error_type) == (death.outcome, death.error_type)
    assert dossier.stderr is not None
    tail = "the end of the flood" if death.how == "flood" else f"about to die of {death.how}"
    assert tail in dossier.stderr
    assert len(dossier.stderr) <= 8192
    if death.function:
        assert dossier.frames[-1].endswith(f":{death.function}")
        assert dossier.traceback is not None
        assert death.function in dossier.traceback
    assert dossier.peak_rss_bytes is not None
    assert dossier.peak_rss_bytes > 1_000_000
    assert dossier.cpu_seconds is not None
    assert dossier.duration_seconds is not None
    assert dossier.started_at is not None
    assert dossier.pid is not None
    assert dossier.host == os.uname().nodename


def _end(worker: Worker) -> None:
    """No process is left when the worker has ended, nor any before of those that it has lost."""
    await_that(lambda: len(_descendants(worker.pid)) <= 2, "nursery and executor are left")
    before = _descendants(worker.pid)
    assert worker.stop() == 0
    assert not [pid for pid in before if Path(f"/proc/{pid}").exists()]
    assert not _marked(worker)


def _descendants(pid: int) -> list[int]:
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *_descendants(int(child))]
    return found


def _marked(worker: Worker) -> list[str]:
    """Processes anywhere that still carry the worker's command line."""
    address = worker.gearmand.address.encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:
            continue
        if address in command and b"work" in command:
            found.append(str(entry))
    return found
