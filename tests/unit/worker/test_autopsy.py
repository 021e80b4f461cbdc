"""The cause that a dossier names."""

from __future__ import annotations

import pytest

from gearmang.worker.autopsy import Ending, JobLimits, dossier_of_death

LIMITS = JobLimits(time_limit=10.0, max_memory=1000, grace=25.0)


@pytest.mark.parametrize(
    ("ending", "condemned", "outcome", "error_type"),
    [
        (Ending(None, 11), None, "crashed", "SIGSEGV"),
        (Ending(3, None), None, "crashed", "exit"),
        (Ending(0, None), None, "crashed", "exit"),
        (Ending(None, None), None, "crashed", "exit"),
        (Ending(None, 9), "timed_out", "timed_out", "TimeLimitExceeded"),
        (Ending(None, 9), "out_of_memory", "out_of_memory", "OutOfMemory"),
        (Ending(None, 9), "lost", "lost", "WorkerStopped"),
        (Ending(None, 9), "closed", "crashed", "closed"),
    ],
)
def test_the_cause_is_what_the_supervisor_did_before_what_the_kernel_says(
    ending: Ending, condemned: str | None, outcome: str, error_type: str
) -> None:
    dossier = dossier_of_death(ending, condemned, LIMITS, stack=None, stderr="end", pid=5, roots=())

    assert (dossier.outcome, dossier.error_type) == (outcome, error_type)
    assert dossier.error_message
    assert (dossier.signal, dossier.exit_code) == (ending.signal, ending.exit_code)
    assert (dossier.stderr, dossier.pid) == ("end", 5)
