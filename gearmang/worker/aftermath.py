"""After a failed attempt: the copy is queued, or the dead letter sent, before the job is let go."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from gearmang.job.fingerprint import fingerprint
from gearmang.job.submission import Packed, Priority
from gearmang.masking import masked_text
from gearmang.protocol.key import JobKey, mark_of
from gearmang.terminal import clean
from gearmang.worker.attempt import Attempt
from gearmang.worker.befallen import Befallen
from gearmang.worker.dossiers import sendable
from gearmang.worker.grabbing import Assigned, fail
from gearmang.worker.link import Awaited
from gearmang.worker.loop import Clock
from gearmang.worker.options import WorkerOptions
from gearmang.worker.policy import Breaker, Rules, Verdict, judge
from gearmang.worker.spooling import Spooling
from gearmang.worker.unsettled import Unsettled
from log_shipping.ambient import TaskLogger

DEAD_LETTERS: Final = "gearmang"  # the function that the collector serves
SUBMIT_TIMEOUT: Final = 10.0  # seconds for JOB_CREATED; doubled each time that it is not enough
MOST_DOUBLINGS: Final = 4

Settled = Callable[[], None]

log = logging.getLogger("gearmang.worker")


class Aftermath:
    """Decides about failed attempts and carries the decision out.

    Args:
        where: what every dossier says: host and revision.
        expect: told when a copy is due, in seconds since the epoch.
    """

    def __init__(
        self,
        options: WorkerOptions,
        where: dict[str, Any],
        clock: Clock,
        *,
        spooling: Spooling,
        unsettled: Unsettled,
        expect: Callable[[float], None],
    ) -> None:
        self._options, self._where, self._clock = options, where, clock
        self._spooling, self._unsettled = spooling, unsettled
        self._befallen = Befallen()
        self._expect = expect
        self._rules = Rules(options.attempts, options.backoff, options.reply_only)
        self._breaker = Breaker(options.breaker)
        self._mark = mark_of(options.function)

    def failed(
        self,
        attempt: Attempt,
        dossier: Dossier,
        settled: Settled,
        *,
        retryable: bool = True,
        after: float | None = None,
        killed: bool = False,
    ) -> None:
        """See to a job whose attempt failed.

        Args:
            settled: called when the job was let go, or cannot be.
            retryable: False for an exception that ``no_retry`` names.
            after: what ``Retry(after=…)`` asked for, in seconds.
            killed: the executor was lost with it; nobody else has written its record.
        """
        envelope = attempt.envelope(self._mark)
        duration = self._clock.monotonic() - attempt.started
        dossier = replace(
            dossier,
            attempt=envelope.attempt,
            function=sendable(self._options.function),
            worker=attempt.worker,
            started_at=round(self._clock.wall() - duration, 3),
            duration_seconds=round(duration, 6),
            **self._where,
        )
        broken = killed and self._breaker.crashed(
            fingerprint(self._options.function, dossier), self._clock.monotonic()
        )
        verdict = judge(dossier, self._rules, retryable=retryable, after=after, broken=broken)
        if verdict.fate == "again" and verdict.counted and attempt.job.link.keyless:
            reason = "its server tells workers no keys, by which attempts are counted"
            verdict = Verdict("dead", reason=reason)
        _report(envelope, dossier, verdict)
        if killed:
            self._record(attempt, envelope, dossier, broken=broken)
        job = attempt.job
        told = f"{dossier.error_type}: {dossier.error_message}"
        after_it = self._befallen.recalled(envelope).failed(dossier, counted=verdict.counted)
        if verdict.fate == "reply":
            fail(job, told)
            settled()
        elif verdict.fate == "dead":
            self.bury(job, after_it, told, settled)
        else:
            self._retry(job, after_it, dossier, verdict, told, settled)

    def bury(self, job: Assigned, dead: Envelope, told: str, settled: Settled) -> None:
        """Send the dead letter of a job, and let the job go."""
        server = str(job.link.server)
        letter = replace(dead, function=self._options.function, server=server, not_before=None)
        self.hand_over(job, Packed(DEAD_LETTERS, letter.pack(), letter.death_id), told, settled)

    def hand_over(
        self,
        job: Assigned,
        copy: Packed,
        told: str,
        settled: Settled,
        *,
        aside: bool = False,
        losses: int = 0,
    ) -> None:
        """Submit what is to come in the place of a job; let it go once gearmand has that.

        Args:
            told: to a caller who waits.
            settled: called when the job was let go, or cannot be.
            aside: others may be asked for meanwhile.
            losses: how often that was tried in vain; the slower a server, the longer the wait.
        """
        if not job.is_ours:
            log.warning("%s was lost meanwhile; it has given the job away", job.link.server)
            settled()
            return

        def created() -> None:
            fail(job, told)
            settled()

        def refused(reason: str) -> None:
            if self._spooling.keep(copy, reason):
                fail(job, told)
            else:
                job.link.lose(f"refused a copy ({clean(reason)}); it keeps the job")
            settled()

        def lost() -> None:
            self._unsettled.remember(job, copy, told, losses + 1)
            settled()

        timeout = SUBMIT_TIMEOUT * 2.0 ** min(losses, MOST_DOUBLINGS)
        deadline = self._clock.monotonic() + timeout
        job.link.submit(copy.parts(), Awaited(created, refused, lost, deadline, aside))

    def _retry(
        self,
        job: Assigned,
        after: Envelope,
        dossier: Dossier,
        verdict: Verdict,
        told: str,
        settled: Settled,
    ) -> None:
        at = math.ceil(self._clock.wall() + verdict.delay) if verdict.delay else None
        enqueued = after.enqueued_at
        if enqueued is None:  # nobody has said when: it was not after its first start
            enqueued = dossier.started_at or self._clock.wall()
        again = replace(after, delivery=after.delivery + 1, enqueued_at=enqueued, not_before=at)
        key = key_of(again, self._mark, job)

        when = None
        if key.not_before is not None and at is not None and not job.link.timeless:
            when = math.ceil(at + job.link.ahead)
            self._expect(at)
        self._befallen.keep(again)
        # Bare, whatever befell it: anybody may be the one who takes it.
        priority: Priority = "normal" if job.link.keyless else "low"
        copy = Packed(self._options.function, again.payload, str(key), priority, when)
        self.hand_over(job, copy, told, settled)

    def _record(
        self, attempt: Attempt, envelope: Envelope, dossier: Dossier, *, broken: bool
    ) -> None:
        queued, started = envelope.enqueued_at, dossier.started_at or 0.0
        function = self._options.function
        extra: dict[str, Any] = {"breaker": "open"} if broken else {}
        if queued is not None:
            extra["queue_ms"] = round((started - queued) * 1e3, 3)
        TaskLogger(function.lstrip("^.") or "task").emit(
            outcome="unknown" if dossier.outcome == "lost" else "failure",
            started_at=started,
            duration_ms=(dossier.duration_seconds or 0.0) * 1e3,
            id=envelope.job_id,
            task=function,
            handle=attempt.job.handle.decode("ascii", "backslashreplace"),
            worker=attempt.worker,
            attempt=dossier.attempt,
            workload_bytes=len(envelope.payload),
            error_type=dossier.error_type,
            error_message=dossier.error_message,
            error_stack=dossier.traceback,
            fingerprint=fingerprint(function, dossier),
            **extra,
        )


def key_of(envelope: Envelope, mark: str, job: Assigned) -> JobKey:
    """The unique key of a job's next delivery; never the key that the job itself has.

    gearmand would join a copy with the same key to the job that it is the copy of, and let both
    go as one. The numbers in a key stop at a largest one: only then can the two be alike.
    """
    at = envelope.not_before
    key = JobKey(
        envelope.job_id,
        envelope.enqueued_at or 0.0,
        mark,
        envelope.delivery,
        envelope.attempt,
        None if at is None else math.ceil(at),
    )
    if str(key).encode() == job.unique:
        key = key._replace(not_before=(key.not_before or 0) + 1)
    return key


def _report(envelope: Envelope, dossier: Dossier, verdict: Verdict) -> None:
    fate = {"again": "queued again", "dead": "a dead letter now", "reply": "told to the caller"}
    log.warning(
        "job %s, attempt %d: %s, %s: %s; %s%s%s",
        envelope.job_id,
        dossier.attempt,
        dossier.outcome.replace("_", " "),
        clean(dossier.error_type),
        clean(masked_text(dossier.error_message)),
        fate[verdict.fate],
        f" for {verdict.delay:.1f} s from now" if verdict.delay else "",
        f", because {clean(verdict.reason)}" if verdict.reason else "",
    )
