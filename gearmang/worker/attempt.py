"""One job in the hands of an executor, and what is known of it."""

from __future__ import annotations

from typing import NamedTuple

from gearmang.errors import BadEnvelope
from gearmang.job.envelope import Envelope
from gearmang.protocol.key import mark_of
from gearmang.terminal import clean
from gearmang.worker.grabbing import Assigned


class Attempt(NamedTuple):
    """One job in the hands of an executor.

    Attributes:
        job: as gearmand gave it.
        sequence: its number among the jobs of this process.
        started: by the monotonic clock, in seconds.
        run_id: of the process; with the sequence number the id of a job whose key is not ours.
        worker: the client id of the slot that has it.
    """

    job: Assigned
    sequence: int
    started: float
    run_id: str
    worker: str

    def envelope(self, mark: str) -> Envelope:
        """The job; data that only looks like an envelope is taken as a bare payload.

        Args:
            mark: of the function.
        """
        return envelope_of(self.job, made_id(self.run_id, self.sequence), mark)

    def told(self, function: str) -> str:
        """The job by its id and handle, for people; nothing of its payload."""
        job = self.envelope(mark_of(function))
        handle = clean(self.job.handle.decode("ascii", "backslashreplace"))
        return f"job {job.job_id} ({handle}), attempt {job.attempt}"


def made_id(run_id: str, sequence: int) -> str:
    """The id of a job whose unique key is not ours: two jobs may have the same key."""
    return f"{run_id}{sequence:016x}"


def envelope_of(job: Assigned, job_id: str, mark: str) -> Envelope:
    """What gearmand gave, read; its id if its key is not ours."""
    data = job.data
    try:
        return Envelope.unpack(data, job.unique, job_id, mark)
    except BadEnvelope:
        return Envelope(payload=data, job_id=job_id)
