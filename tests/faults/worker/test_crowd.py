"""Jobs of death among others, and the death of everything else: nothing is lost."""

import os
import random
import signal
import time
from contextlib import ExitStack
from pathlib import Path

from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN, Worker
from tests.daemons.process import Process
from tests.faults.worker import crowd

JOBS = 300
KILLS = 12
ATTEMPTS = 3
RESERVE = 5  # jobs that are left for each kill that is left, so that the last kills meet jobs too


def test_every_job_ends_exactly_once_as_done_or_dead(
    gearmand: Gearmand, tmp_path: Path, diary: Path
) -> None:
    ends_once(gearmand, tmp_path, diary, JOBS)


def test_nothing_is_lost_when_gearmand_is_killed_and_restarted(
    persistent_gearmand: Gearmand, tmp_path: Path, diary: Path
) -> None:
    survives_gearmand(persistent_gearmand, tmp_path, diary, JOBS)


def test_nothing_is_lost_when_supervisors_are_killed_at_random(
    persistent_gearmand: Gearmand, tmp_path: Path, diary: Path
) -> None:
    survives_supervisors(persistent_gearmand, tmp_path, diary, JOBS, KILLS)


def ends_once(
    gearmand: Gearmand,
    tmp_path: Path,
    diary: Path,
    jobs: int,
    share_of_death: float = 0.05,
    work: float = crowd.WORK,
) -> float:
    """Four workers and 5 % of death; the seconds that it took."""
    sent = crowd.submit(gearmand.address, jobs, share_of_death=share_of_death, work=work)
    with ExitStack() as stack:
        began = time.monotonic()
        workers = [
            stack.enter_context(Worker(tmp_path, gearmand, crowd.TARGET, "crowd", "--breaker", "0"))
            for _ in range(4)
        ]
        crowd.await_end(gearmand)
        took = time.monotonic() - began
        assert all(worker.is_running() for worker in workers)
        lost = sum(worker.output().count(": crashed, ") for worker in workers)

    finished = crowd.done(diary)
    assert set(finished) == sent.living
    assert set(finished.values()) == {1}
    assert sorted(crowd.take_letters(gearmand)) == sorted(sent.dying)
    assert lost <= ATTEMPTS * len(sent.dying)
    return took


def survives_gearmand(gearmand: Gearmand, tmp_path: Path, diary: Path, jobs: int) -> int:
    """gearmand dies in the middle; how many jobs were done more than once."""
    sent = crowd.submit(gearmand.address, jobs)
    with Worker(tmp_path, gearmand, crowd.TARGET, "crowd", "--breaker", "0") as worker:
        killed = False

        def kill_in_the_middle() -> None:
            nonlocal killed
            if not killed and len(crowd.done(diary)) > jobs // 3:
                gearmand.kill()
                gearmand.start()
                killed = True

        crowd.await_end(gearmand, meanwhile=kill_in_the_middle)
        assert killed
        assert worker.is_running()
    return _nothing_lost(gearmand, sent, diary)


def survives_supervisors(
    gearmand: Gearmand, tmp_path: Path, diary: Path, jobs: int, kills: int, slots: int = 1
) -> int:
    """Supervisors die at random; how many jobs were done more than once."""
    dice = random.Random(crowd.SEED)
    sent = crowd.submit(gearmand.address, jobs, work=0.005)
    command: list[str | Path] = [
        BIN / "gearmang",
        "work",
        crowd.TARGET,
        "--function",
        "crowd",
        "--breaker",
        "0",
    ]
    command += ["--server", gearmand.address, "--processes", str(slots)]
    supervisor = Process(command, tmp_path / "log")
    left = kills
    # Half of them die while they start, which takes about 0.3 s, half in the middle of jobs.
    at_time, at_count = time.monotonic() + 0.2, len(sent.living)

    def kill_at_random() -> None:
        nonlocal left, at_time, at_count
        count = len(crowd.done(diary))
        if not left or (time.monotonic() < at_time and count < at_count):
            return
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
        supervisor.start()
        left -= 1
        if left % 2:
            at_time, at_count = time.monotonic() + dice.uniform(0.0, 0.4), len(sent.living)
        else:
            at_time = float("inf")
            room = len(sent.living) - count - RESERVE * left
            at_count = count + dice.randint(1, max(1, 2 * room // (left + 2)))

    with supervisor:
        crowd.await_end(gearmand, 100.0 + 4.0 * kills, meanwhile=kill_at_random)
        assert left == 0
    return _nothing_lost(gearmand, sent, diary)


def _nothing_lost(gearmand: Gearmand, sent: crowd.Crowd, diary: Path) -> int:
    finished = crowd.done(diary)
    assert set(finished) == sent.living
    assert set(crowd.take_letters(gearmand)) == sent.dying
    return sum(times > 1 for times in finished.values())
