"""Every way to die, each a function that a worker is started with."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from gearmang.worker import Job

MIB = 1024 * 1024


def die(job: Job) -> object:
    """Die as the job's data say; ``"live"`` works."""
    how = job.data if isinstance(job.data, str) else job.raw.decode()
    if how == "live":
        return "alive"
    print(f"about to die of {how}", file=sys.stderr, flush=True)
    return globals()[f"by_{how}"]()


def by_exception() -> None:
    raise RuntimeError("the picture is upside down")


def by_abort() -> None:
    os.abort()


def by_segfault() -> None:
    ctypes.string_at(0)


def by_kill_from_outside() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def by_sys_exit() -> None:
    sys.exit("enough")


def by_os_exit() -> None:
    os._exit(0)


def by_endless_loop() -> None:
    while True:
        pass


def by_deaf_sleep() -> None:
    """Sleep in C, with every signal blocked that can be."""
    libc = ctypes.PyDLL(None)  # which keeps the GIL
    everything = signal.valid_signals()
    signal.pthread_sigmask(signal.SIG_BLOCK, everything)
    libc.sleep(600)


def by_leak() -> None:
    """Take a GiB, 8 MiB at a time, and use it."""
    held = []
    for _ in range(128):
        held.append(b"x" * (8 * MIB))
        time.sleep(0.005)
    raise RuntimeError(f"nobody stopped me at {len(held) * 8} MiB")


def by_fork_bomb() -> None:
    """Leave 20 children behind, half of them in sessions of their own, and fail."""
    for number in range(20):
        if not os.fork():
            if number % 2:
                os.setsid()
            time.sleep(600)
            os._exit(0)
    raise RuntimeError("now there are 20 more of us")


def by_flood() -> None:
    """Print 1 GiB and fail."""
    line = b"all work and no play makes the worker a dull process\n" * 20_000
    for _ in range(1024 * MIB // len(line)):
        os.write(2, line)
    os.write(2, b"the end of the flood\n")
    raise RuntimeError("flooded")


def by_closing_everything() -> None:
    os.closerange(0, 1024)
    time.sleep(600)


def by_unspeakable_result() -> object:
    return object()


def by_forking_itself() -> str:
    """Come back from the function twice, once in a child."""
    os.fork()
    raise RuntimeError(f"both of us fail, {os.getppid() > 0}")


class Stateful:
    """A class as a function: made once in each executor."""

    def __init__(self) -> None:
        self.made_in = os.getpid()
        self.calls = 0

    def __call__(self, job: Job) -> dict[str, object]:
        self.calls += 1
        return {"calls": self.calls, "mine": self.made_in == os.getpid()}

    def on_start(self) -> None:
        self.note("on_start")

    def on_job(self, job: Job) -> None:
        self.note(f"on_job {job.raw.decode()}")

    def on_stop(self) -> None:
        self.note("on_stop")

    def note(self, what: str) -> None:
        with Path(os.environ["NOTES"]).open("a") as notes:
            print(what, file=notes)
