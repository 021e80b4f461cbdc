"""RQ workers: one record for each job. ``rq worker -w log_shipping.integrations.rq.Worker``."""

from typing import Any

import rq

from log_shipping.ambient import record


class RecordedJob(rq.job.Job):
    """A job that is recorded while its function runs, in whichever process RQ runs it."""

    def perform(self) -> Any:
        tries = getattr(self, "number_of_retries", None) or 0
        with record(
            str(self.func_name).lstrip(".^") or "job",
            id=self.id.replace("-", ""),
            attempt=tries + 1,
            worker=self.worker_name or "",
            workload_bytes=len(self.data or b""),
        ):
            return super().perform()


class Worker(rq.Worker):
    """RQ's worker, with recorded jobs."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # The command `rq worker` names a job class of its own.
        super().__init__(*arguments, **{**options, "job_class": RecordedJob})
