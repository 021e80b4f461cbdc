"""Functions that fail, ask, tell and wait in ways that are not deaths."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from gearmang import Reject, Retry
from gearmang.worker import Job, TimeLimitExceeded


class OddError(Exception):
    """An exception whose text cannot be had."""

    def __str__(self) -> str:
        raise ValueError("no text")


def act(job: Job) -> Any:
    """Do what the payload says."""
    name, _, argument = job.raw.decode().partition(" ")
    return globals()[f"do_{name}"](job, argument)


def do_reject(_job: Job, argument: str) -> None:
    raise Reject(argument)


def do_retry(job: Job, argument: str) -> object:
    """Ask for another try once, then tell what came of it."""
    if job.attempt == 1:
        raise Retry("not now", after=float(argument))
    return _seen(job)


def do_retry_and_note(job: Job, argument: str) -> None:
    note(str(time.time()))
    if job.attempt == 1:
        raise Retry("not now", after=float(argument))


def do_fail_once(job: Job, argument: str) -> None:
    note(f"{job.attempt} {time.time()}")
    if job.attempt == 1:
        raise RuntimeError("once")


def do_value_error(_job: Job, argument: str) -> None:
    raise ValueError(argument)


def do_odd(_job: Job, argument: str) -> None:
    raise OddError


def do_parts(job: Job, argument: str) -> bytes:
    for number in range(1, 4):
        job.progress(number, 3)
        job.send(f"part {number}".encode())
    return b"whole"


def do_describe(job: Job, argument: str) -> object:
    return _seen(job)


def do_note(_job: Job, argument: str) -> None:
    note(argument)


def do_sleep(_job: Job, argument: str) -> str:
    note("started")
    time.sleep(float(argument))
    note("slept")
    return "slept"


def do_pid(_job: Job, argument: str) -> int:
    return os.getpid()


def do_grow(_job: Job, argument: str) -> int:
    """Hold on to so many MiB and answer."""
    _held.append(bytearray(os.urandom(1024) * 1024 * int(argument)))
    return os.getpid()


_held: list[bytearray] = []


def do_tmp(job: Job, argument: str) -> None:
    (job.tmp / "file").write_text("x")
    note(str(job.tmp))
    if argument == "fail":
        raise RuntimeError("failed with a folder")
    if argument == "die":
        os.kill(os.getpid(), signal.SIGKILL)


def do_clean_up(_job: Job, argument: str) -> str:
    try:
        time.sleep(30)
    except TimeLimitExceeded:
        return "cleaned up"
    return "never"


def do_crash(_job: Job, argument: str) -> None:
    os.abort()


def do_cat(job: Job, argument: str) -> bytes:
    return argument.encode() * 1000


def _seen(job: Job) -> object:
    return {
        "data": job.data if not isinstance(job.data, bytes) else job.data.decode(),
        "function": job.function,
        "unique": job.unique,
        "id": job.id,
        "attempt": job.attempt,
        "history": [dossier.outcome for dossier in job.history],
        "enqueued_at": job.enqueued_at,
        "handle": job.handle,
    }


def note(what: str) -> None:
    with Path(os.environ["NOTES"]).open("a") as notes:
        print(what, file=notes)


def do_sleep_and_fail(_job: Job, argument: str) -> None:
    note("started")
    time.sleep(1)
    raise RuntimeError("failed after a sleep")


def do_note_and_fail(_job: Job, argument: str) -> None:
    note(argument)
    raise RuntimeError("always")


def do_leave_a_session(_job: Job, argument: str) -> None:
    """Leave a process behind that no signal to our group or session reaches; stay at work."""
    _leave(setsid=True, seconds=600)
    time.sleep(600)


def do_leave_a_session_and_sleep(_job: Job, argument: str) -> None:
    _leave(setsid=True, seconds=60)
    time.sleep(float(argument))


def do_leave_a_short_child(_job: Job, argument: str) -> None:
    os.system("sleep 0.05 &")  # noqa: S605  # what careless jobs do


def _leave(*, setsid: bool, seconds: float) -> None:
    if os.fork():
        os.wait()
        return
    if setsid:
        os.setsid()
    if os.fork():
        os._exit(0)
    note(str(os.getpid()))
    time.sleep(seconds)
    os._exit(0)
