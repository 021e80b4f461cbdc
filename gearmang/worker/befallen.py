"""What befell jobs here before: the dossiers that a retry leaves behind for its dead letter.

They do not travel with the retry. Whoever serves the function when it is taken, minutes or hours
later, may read no envelope, would answer "ok" to one, and the job would be lost. So a dead letter
holds the attempts that this worker saw; the records hold all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gearmang.job.dossier import Dossier
from gearmang.job.envelope import LONGEST_HISTORY, Envelope

MOST_JOBS: Final = 500  # that are remembered, the latest; a dossier may hold 24 KiB


class Befallen:
    """The dossiers of jobs that were queued again."""

    def __init__(self) -> None:
        self._by_job: dict[str, tuple[Dossier, ...]] = {}

    def recalled(self, job: Envelope) -> Envelope:
        """The job with what befell it here before its history, and forgotten from now on."""
        before = self._by_job.pop(job.job_id, ())
        if not before:
            return job
        return replace(job, history=(*before, *job.history)[-LONGEST_HISTORY:])

    def keep(self, job: Envelope) -> None:
        """Remember the history of a job that is queued again; the oldest of too many goes."""
        self._by_job.pop(job.job_id, None)
        self._by_job[job.job_id] = job.history
        if len(self._by_job) > MOST_JOBS:
            del self._by_job[next(iter(self._by_job))]
