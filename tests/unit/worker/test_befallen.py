"""What is remembered of jobs that were queued again."""

from gearmang.job.dossier import Dossier
from gearmang.job.envelope import LONGEST_HISTORY, Envelope
from gearmang.worker.befallen import MOST_JOBS, Befallen


def job(number: int, *errors: str) -> Envelope:
    history = tuple(Dossier(outcome="failure", error_type=error) for error in errors)
    return Envelope(payload=b"", job_id=f"{number:032x}", history=history)


def test_a_job_is_recalled_once_with_what_befell_it_first() -> None:
    before = Befallen()
    before.keep(job(1, "a"))

    assert [d.error_type for d in before.recalled(job(1, "b")).history] == ["a", "b"]
    assert before.recalled(job(1)).history == ()


def test_only_the_latest_jobs_and_dossiers_are_remembered() -> None:
    before = Befallen()
    before.keep(job(0, *map(str, range(LONGEST_HISTORY))))
    assert len(before.recalled(job(0, "new")).history) == LONGEST_HISTORY
    for number in range(MOST_JOBS + 1):
        before.keep(job(number, "a"))

    assert before.recalled(job(0)).history == ()
    assert before.recalled(job(MOST_JOBS)).history != ()
