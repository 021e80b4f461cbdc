"""The no-op job beside an import that costs: pillow's, or one of 100 MiB."""

import os
import sys
from typing import TYPE_CHECKING

import PIL.Image  # noqa: F401  # its memory is what is measured

if TYPE_CHECKING:
    from gearmang.worker import Job

LARGE = os.urandom(1024) * 1024 * 100 if os.environ.get("LARGE") else b""


def noop(_job: "Job") -> bytes:
    """Nothing."""
    return b""


def work_with_pygearman(address: str) -> None:
    """pygearman's own worker."""
    import gearman

    worker = gearman.GearmanWorker([address])
    worker.register_task(b"theirs", lambda _worker, _job: b"")
    worker.work()


if __name__ == "__main__":
    work_with_pygearman(sys.argv[1])
