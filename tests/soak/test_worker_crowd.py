"""The long runs: 1,000 jobs with 5 % of death; gearmand killed; 100 supervisors killed."""

from pathlib import Path

import pytest

from tests.daemons.gearmand import Gearmand
from tests.faults.worker import test_crowd
from tests.faults.worker.conftest import diary as diary  # a fixture by its name

JOBS = 1000
KILLS = 100
WORK = 0.04  # seconds of each good job
SLOWER = 1.10  # the share of time that 5 % of death may add


@pytest.mark.timeout(300)
def test_a_twentieth_of_death_costs_no_job_and_little_time(
    gearmand: Gearmand, tmp_path: Path, diary: Path
) -> None:
    without = test_crowd.ends_once(gearmand, tmp_path, diary, JOBS, 0.0, WORK)
    diary.write_text("")
    with_death = test_crowd.ends_once(gearmand, tmp_path, diary, JOBS, 0.05, WORK)

    print(f"{JOBS} jobs took {without:.1f} s, with 5 % of death {with_death:.1f} s")
    assert with_death <= SLOWER * without


@pytest.mark.timeout(300)
def test_nothing_is_lost_when_gearmand_is_killed_and_restarted(
    persistent_gearmand: Gearmand, tmp_path: Path, diary: Path
) -> None:
    twice = test_crowd.survives_gearmand(persistent_gearmand, tmp_path, diary, JOBS)

    assert twice <= 2  # the job that ran when gearmand died, and one whose end it did not store


@pytest.mark.timeout(600)
def test_nothing_is_lost_when_supervisors_are_killed_a_hundred_times(
    persistent_gearmand: Gearmand, tmp_path: Path, diary: Path
) -> None:
    twice = test_crowd.survives_supervisors(persistent_gearmand, tmp_path, diary, JOBS, KILLS)

    print(f"{twice} of {JOBS} jobs were done twice after {KILLS} kills")
    assert twice <= KILLS  # at most the job at hand of each supervisor


@pytest.mark.timeout(600)
def test_nothing_is_lost_when_the_supervisor_of_eight_slots_is_killed_fifty_times(
    persistent_gearmand: Gearmand, tmp_path: Path, diary: Path
) -> None:
    twice = test_crowd.survives_supervisors(persistent_gearmand, tmp_path, diary, 2000, 50, 8)

    print(f"{twice} of 2000 jobs were done twice after 50 kills of eight slots")
    assert twice <= 50 * 8  # at most the jobs at hand
