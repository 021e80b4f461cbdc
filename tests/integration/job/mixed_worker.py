"""A job that notes what it got: as a function of ours, and as a worker by pygearman.

Payloads begin with what is to become of them: ``once`` fails with us the first time, ``dead``
always;
workers that are not ours can only answer, and do what they get.
"""

import os
import sys
from pathlib import Path
from typing import Any

from gearmang.worker import Job


def note(name: str, payload: bytes) -> None:
    descriptor = os.open(
        Path(os.environ["MIXED_NOTES"]) / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640
    )
    os.write(descriptor, payload.hex().encode() + b"\n")
    os.close(descriptor)


def take(job: Job) -> str:
    """Ours."""
    note("ours", job.raw)
    if job.raw.startswith(b"dead") or (job.raw.startswith(b"once") and job.attempt == 1):
        raise ValueError("not this time")
    note("done", job.raw)
    return "ok"


def main() -> None:
    """By pygearman."""
    import gearman

    class Bytes(gearman.DataEncoder):  # type: ignore[misc]  # ships no type information
        @classmethod
        def encode(cls, encodable_object: bytes) -> bytes:
            return encodable_object

        @classmethod
        def decode(cls, decodable_string: bytes) -> bytes:
            return decodable_string

    class Taking(gearman.GearmanWorker):  # type: ignore[misc]  # as above
        data_encoder = Bytes

    def take_it(_worker: object, job: Any) -> bytes:
        note("pygearman", job.data)
        note("done", job.data)
        return b"ok"

    worker = Taking([f"127.0.0.1:{sys.argv[1]}"])
    worker.register_task(os.environ.get("MIXED_FUNCTION", "mixed").encode(), take_it)
    worker.work()


if __name__ == "__main__":
    main()
