"""Many jobs, some of death, some workers: what was submitted, what ran, what died."""

import ctypes
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gearmang.job.client import Client
from gearmang.protocol.server import Server
from gearmang.worker import Job
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.integration.worker.conftest import Letters

TARGET = "tests.faults.worker.crowd:work"
WORK = 0.002  # seconds that a job of life takes
SEED = 5


def work(job: Job) -> None:
    """Note in the diary that the job was done, or die by the job's kind of death."""
    kind = job.data["kind"]
    if kind == "segfault":
        ctypes.string_at(0)
    if kind == "kill":
        os.kill(os.getpid(), 9)
    if kind == "raise":
        raise RuntimeError("a job of death")
    time.sleep(job.data["work"])
    diary = os.open(os.environ["DIARY"], os.O_WRONLY | os.O_APPEND)
    os.write(diary, f"{job.id}\n".encode())
    os.close(diary)


class Crowd(NamedTuple):
    """The ids of the jobs that were queued."""

    living: set[str]
    dying: set[str]


def submit(server: str, count: int, *, share_of_death: float = 0.05, work: float = WORK) -> Crowd:
    """Queue jobs, a share of them of death, in a mixed order that is the same in every run."""
    dice = random.Random(SEED)
    crowd = Crowd(set(), set())
    with Client([Server.parse(server)]) as client:
        deadly = round(count * share_of_death)
        kinds = ["live"] * (count - deadly)
        kinds += [("segfault", "kill", "raise")[number % 3] for number in range(deadly)]
        dice.shuffle(kinds)
        for kind in kinds:
            job_id = client.submit("crowd", {"kind": kind, "work": work}).job_id or "?"
            (crowd.living if kind == "live" else crowd.dying).add(job_id)
    return crowd


def done(diary: Path) -> Counter[str]:
    """How often each job was done."""
    return Counter(diary.read_text().split())


def await_end(
    gearmand: Gearmand, timeout: float = 100.0, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Return once no job is left, whether queued or running."""

    def ended() -> bool:
        meanwhile()
        try:
            return gearmand.functions()["crowd"][0] == 0
        except OSError:  # it is being restarted
            return False

    await_that(ended, "all jobs have ended", timeout)


def take_letters(gearmand: Gearmand) -> list[str]:
    """The ids of all dead letters that wait."""
    letters = Letters(gearmand)
    ids = []
    while gearmand.functions().get("gearmang", (0, 0, 0))[0]:
        ids.append(letters.next().job_id)
    letters.close()
    return ids
