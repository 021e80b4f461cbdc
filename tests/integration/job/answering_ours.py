"""The same by a worker of ours."""

import time

from gearmang.worker import Job


def answer(job: Job) -> bytes:
    kind, _, argument = job.raw.partition(b" ")
    if kind in (b"raise", b"warn_and_fail"):
        raise ValueError(argument.decode())
    if kind == b"parts":
        for number in (1, 2, 3):
            job.progress(number, 3)
            job.send(b"part %d" % number)
        return b"whole"
    if kind == b"slow":
        job.progress(0, 1)
        time.sleep(float(argument))
    return argument
