"""After a failed attempt: the copy is queued, or the dead letter sent, before the job is let go."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from gearmang.errors import BadEnvelope, SpoolError
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from gearmang.job.fingerprint import fingerprint
from gearmang.job.spool import Spool, Spooled
from gearmang.job.submission import Packed
from gearmang.worker.dossiers import sendable
from gearmang.worker.grabbing import Assigned, Intake
from gearmang.worker.link import Link
from gearmang.worker.options import WorkerOptions
from gearmang.worker.policy import Breaker, Rules, Verdict, judge
from log_shipping.ambient import TaskLogger

DEAD_LETTERS: Final = "gearmang"  # the function that the collector serves
SPOOL_TIMEOUT: Final = 2.0  # seconds; meanwhile no job is taken
SPOOL_RETRY: Final = 1.0  # seconds after a refusal

log = logging.getLogger("gearmang.worker")


class Attempt(NamedTuple):
    """One job in the hands of an executor.

    Attributes:
        job: as gearmand gave it.
        sequence: its number among the jobs of this worker.
        started: by the monotonic clock, in seconds.
        run_id: of the worker; with the sequence number the id of a job that was submitted bare.
    """

    job: Assigned
    sequence: int
    started: float
    run_id: str

    def envelope(self) -> Envelope:
        """The job's envelope; data that only looks like one is taken as a bare payload."""
        _, _, unique, data = self.job.body.split(b"\0", 3)
        job_id = f"{self.run_id}{self.sequence:016x}"
        try:
            return Envelope.unpack(data, unique, job_id)
        except BadEnvelope:
            return Envelope(payload=data, job_id=job_id)


class Aftermath:
    """Decides about failed attempts and carries the decision out.

    Args:
        worker: the client id.
        where: what every dossier says: host and revision.
        on_settled: called when a job was let go or the spool was drained.
    """

    def __init__(
        self,
        options: WorkerOptions,
        worker: str,
        where: dict[str, Any],
        intake: Intake,
        on_settled: Callable[[], None],
    ) -> None:
        self._options, self._worker, self._where = options, worker, where
        self._intake, self._on_settled = intake, on_settled
        self._rules = Rules(options.attempts, options.backoff, options.reply_only)
        self._breaker = Breaker(options.breaker)
        self._spool = Spool(options.spool) if options.spool else None
        self._spooled: tuple[Spooled, Link, int] | None = None
        self._spool_at = 0.0

    def failed(
        self,
        attempt: Attempt,
        dossier: Dossier,
        *,
        retryable: bool = True,
        after: float | None = None,
        killed: bool = False,
    ) -> None:
        """See to a job whose attempt failed.

        Args:
            retryable: False for an exception that ``no_retry`` names.
            after: what ``Retry(after=…)`` asked for, in seconds.
            killed: the executor was lost with it; nobody else has written its record.
        """
        envelope = attempt.envelope()
        duration = time.monotonic() - attempt.started
        dossier = replace(
            dossier,
            attempt=envelope.attempt,
            function=sendable(self._options.function),
            worker=self._worker,
            started_at=round(time.time() - duration, 3),
            duration_seconds=round(duration, 6),
            **self._where,
        )
        broken = killed and self._breaker.crashed(
            fingerprint(self._options.function, dossier), time.monotonic()
        )
        verdict = judge(dossier, self._rules, retryable=retryable, after=after, broken=broken)
        _report(envelope, dossier, verdict)
        if killed:
            self._record(attempt, envelope, dossier, broken=broken)
        told = f"{dossier.error_type}: {dossier.error_message}"
        if verdict.fate == "reply":
            self._intake.fail(attempt.job, told)
            self._on_settled()
        else:
            copy = self._copy(str(attempt.job.link.server), envelope, dossier, verdict)
            self._submit(attempt.job, copy, told)

    def next_tick(self) -> float:
        """When the spool is to be looked at again, by the monotonic clock."""
        return self._spool_at if self._spool else float("inf")

    def is_spool_clear(self) -> bool:
        """Whether the next job may be taken; starts to empty the spool where it is not."""
        if self._spool is None:
            return True
        if self._spooled is not None:
            _, link, number = self._spooled
            if link.up and link.number == number:
                return False  # gearmand has not said yet whether it takes the copy
            self._spooled = None
            self._spool.let_go()
        if time.monotonic() < self._spool_at:
            return True
        return not self._submit_oldest(self._spool)

    def _copy(self, server: str, envelope: Envelope, dossier: Dossier, verdict: Verdict) -> Packed:
        after = envelope.failed(dossier, counted=verdict.counted)
        if verdict.fate == "dead":
            dead = replace(after, function=self._options.function, server=server, not_before=None)
            return Packed(DEAD_LETTERS, dead.pack(), dead.death_id)
        at = time.time() + verdict.delay if verdict.delay else None
        after = replace(after, delivery=after.delivery + 1, not_before=at)
        unique = f"{after.job_id}-{os.urandom(4).hex()}"
        if at is None:
            return Packed(self._options.function, after.pack(), unique, "low")
        self._intake.expect(at)
        # gearmand knows whole seconds; what comes too early is held until its not-before.
        return Packed(self._options.function, after.pack(), unique, "low", int(at))

    def _submit(self, job: Assigned, copy: Packed, told: str) -> None:
        if not job.is_ours:
            log.warning("%s was lost meanwhile; it has given the job away", job.link.server)
            self._on_settled()
            return

        def created() -> None:
            self._intake.fail(job, told)
            self._on_settled()

        def refused(reason: str) -> None:
            if self._keep(copy, reason):
                created()
            else:
                job.link.lose(f"refused a copy ({reason}); it keeps the job")

        self._intake.submit(job.link, copy.request(), created, refused)

    def _keep(self, copy: Packed, reason: str) -> bool:
        """Put a refused copy into the spool; False when that cannot be."""
        if self._spool is None:
            return False
        try:
            self._spool.add(copy)
        except SpoolError as error:
            log.warning("%s", error)
            return False
        log.warning("gearmand refused a copy (%s); it is in %s", reason, self._spool.folder)
        self._spool_at = time.monotonic() + SPOOL_RETRY
        return True

    def _submit_oldest(self, spool: Spool) -> bool:
        """Submit the oldest copy of the spool; False when there is none or nobody takes it."""
        self._spool_at = time.monotonic() + SPOOL_RETRY
        link = next((link for link in self._intake.links if link.up and not link.awaited), None)
        try:
            found = spool.oldest() if link is not None else None
        except SpoolError as error:
            log.warning("%s", error)
            return False
        if found is None or link is None:
            return False

        def created() -> None:
            try:
                spool.remove(found)
            except SpoolError as error:
                log.warning("%s", error)
            else:
                self._spool_at = 0.0
            done()

        def refused(reason: str) -> None:
            log.warning("%s still refuses the copies in %s: %s", link.server, spool.folder, reason)
            done()

        def done() -> None:
            self._spooled = None
            spool.let_go()
            self._on_settled()

        self._spooled = (found, link, link.number)
        self._intake.submit(link, found.packed.request(), created, refused, SPOOL_TIMEOUT)
        return True

    def _record(
        self, attempt: Attempt, envelope: Envelope, dossier: Dossier, *, broken: bool
    ) -> None:
        queued, started = envelope.enqueued_at, dossier.started_at or 0.0
        extra: dict[str, Any] = {"breaker": "open"} if broken else {}
        if queued is not None:
            extra["queue_ms"] = round((started - queued) * 1e3, 3)
        TaskLogger(self._options.function.lstrip("^.") or "task").emit(
            outcome="unknown" if dossier.outcome == "lost" else "failure",
            started_at=started,
            duration_ms=(dossier.duration_seconds or 0.0) * 1e3,
            id=envelope.job_id,
            task=self._options.function,
            handle=attempt.job.handle.decode("ascii", "backslashreplace"),
            worker=self._worker,
            attempt=dossier.attempt,
            workload_bytes=len(envelope.payload),
            error_type=dossier.error_type,
            error_message=dossier.error_message,
            error_stack=dossier.traceback,
            **extra,
        )


def _report(envelope: Envelope, dossier: Dossier, verdict: Verdict) -> None:
    fate = {"again": "queued again", "dead": "a dead letter now", "reply": "told to the caller"}
    log.warning(
        "job %s, attempt %d: %s, %s: %s; %s%s%s",
        envelope.job_id,
        dossier.attempt,
        dossier.outcome.replace("_", " "),
        dossier.error_type,
        dossier.error_message,
        fate[verdict.fate],
        f" for {verdict.delay:.1f} s from now" if verdict.delay else "",
        f", because {verdict.reason}" if verdict.reason else "",
    )
