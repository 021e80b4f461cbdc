"""Three schedules of faults, the same in every run: no job is lost."""

from pathlib import Path

import pytest

from tests.chaos.run import run

DURATION = 20.0  # seconds


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_acknowledged_job_is_done_or_dead(seed: int, tmp_path: Path) -> None:
    account = run(tmp_path, seed, DURATION)

    assert account.jobs > 0
    assert not account.lost, account.told()
    assert not account.trouble, account.told()
