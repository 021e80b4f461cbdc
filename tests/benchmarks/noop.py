"""The job that does nothing, for workers of any make."""

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gearmang.worker import Job


def noop(_job: object) -> bytes:
    """Nothing, as fast as can be."""
    return b""


def crash(job: "Job") -> None:
    """Write the time into the diary, and die where the payload says so."""
    diary = os.open(os.environ["DIARY"], os.O_WRONLY | os.O_APPEND)
    os.write(diary, f"{time.time()}\n".encode())
    os.close(diary)
    if job.raw == b"die":
        os.kill(os.getpid(), signal.SIGKILL)


def work_with_pygearman(address: str) -> None:
    """pygearman's own worker."""
    import gearman

    worker = gearman.GearmanWorker([address])
    worker.register_task(b"pygearman", lambda _worker, _job: b"")
    worker.work()


if __name__ == "__main__":
    work_with_pygearman(sys.argv[1])
