"""1,000 jobs of three kinds of clients over a minute: the oldest is told at every look."""

import pytest

from tests.integration.ages import ALLOWED, Trial

JOBS, SECONDS = 1_000, 60.0


@pytest.mark.timeout(300)
def test_the_oldest_of_a_thousand_jobs_is_told_within_a_second_at_every_look(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    trial = Trial(tmp_path_factory.mktemp("ages"), JOBS, SECONDS)
    trial.run()
    for kind in ("ours", "php"):
        errors = list(trial.errors(kind))
        print(f"{kind}: {len(errors)} looks, the worst {max(errors):.2f} s wrong")
        assert max(errors) <= ALLOWED
    assert max(trial.lacks("bare")) <= 0.1
