"""The oldest job is told within a second at every look, whoever submitted it."""

import pytest

from tests.integration.ages import ALLOWED, Trial

JOBS, SECONDS = 120, 6.0


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    made = Trial(tmp_path_factory.mktemp("ages"), JOBS, SECONDS)
    made.run()
    return made


@pytest.mark.parametrize("kind", ["ours", "php"])
def test_the_oldest_waiting_job_is_told_within_a_second_through_drains_and_a_restart(
    trial: Trial, kind: str
) -> None:
    errors = list(trial.errors(kind))
    print(f"{kind}: {len(errors)} looks, the worst {max(errors):.2f} s wrong")
    assert max(errors) <= ALLOWED


def test_jobs_without_a_time_are_never_older_than_the_bound_that_is_told(trial: Trial) -> None:
    lacks = list(trial.lacks("bare"))
    print(f"bare: {len(lacks)} looks, the worst lacks {max(lacks):.2f} s")
    assert lacks
    assert max(lacks) <= 0.1
