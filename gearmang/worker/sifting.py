"""Jobs that are not to be run: too early, too large, or failed already."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from gearmang.job.submission import Packed
from gearmang.protocol.key import JobKey, mark_of
from gearmang.worker.aftermath import Aftermath, key_of
from gearmang.worker.attempt import envelope_of
from gearmang.worker.grabbing import Assigned, fail
from gearmang.worker.loop import Clock
from gearmang.worker.options import WorkerOptions
from gearmang.worker.unsettled import Unsettled

HELD_HERE: Final = 2.0  # seconds; a job that is earlier goes back to gearmand until its time
MOST_SCHEDULED: Final = 10_000  # jobs of which we know what time we gave to gearmand

_DOTS_OF_EARLY: Final = 6  # in a key of ours that says a not-before

log = logging.getLogger("gearmang.worker")


class Sieve:
    """Sees to such jobs, for all slots.

    Args:
        new_id: makes an id for a job whose key is not ours.
        expect: told when a job is due, in seconds since the epoch.
    """

    def __init__(
        self,
        options: WorkerOptions,
        clock: Clock,
        aftermath: Aftermath,
        unsettled: Unsettled,
        *,
        new_id: Callable[[], str],
        expect: Callable[[float], None],
    ) -> None:
        self._options, self._clock = options, clock
        self._aftermath, self._unsettled = aftermath, unsettled
        self._new_id, self._expect = new_id, expect
        self._mark = mark_of(options.function)
        self._scheduled: dict[str, int] = {}  # unique key → the time that gearmand was given

    def stops(
        self, job: Assigned, hold: Callable[[Assigned, float], None], settled: Callable[[], None]
    ) -> bool:
        """Whether a job is not to be run now; it is seen to by then.

        Args:
            hold: keeps a job for the little while that is left until its time.
            settled: called when another one may be taken.
        """
        if job.missing:
            self._refuse(job, settled)
            return True
        if self._unsettled and self._is_settled_again(job, settled):
            return True
        unique = job.unique
        if unique.count(b".") != _DOTS_OF_EARLY:  # nearly every job
            return False
        key = JobKey.parse(unique.decode("latin-1"))
        if key is None or key.mark != self._mark or key.not_before is None:
            return False
        if key.not_before <= self._clock.wall():
            self._scheduled.pop(str(key), None)
            return False
        self.postpone(job, float(key.not_before), hold, settled)
        return True

    def postpone(
        self,
        job: Assigned,
        until: float,
        hold: Callable[[Assigned, float], None],
        settled: Callable[[], None],
    ) -> None:
        """Have a job come again at its time: it must not keep a worker from others.

        Args:
            until: in seconds since the epoch.
        """
        now = self._clock.wall()
        given = self._scheduled.pop(job.unique.decode("latin-1"), None)
        if given is not None and given > now:  # gearmand's clock is ahead of ours
            job.link.ahead = max(job.link.ahead, given - now)
        if until - now <= HELD_HERE or job.link.timeless:
            hold(job, until)
            settled()
            return
        read = envelope_of(job, self._new_id(), self._mark)
        again = replace(
            read,
            delivery=read.delivery + 1,
            enqueued_at=now if read.enqueued_at is None else read.enqueued_at,
            not_before=until,
        )
        at = math.ceil(until + job.link.ahead)
        unique = str(key_of(again, self._mark, job))
        copy = Packed(self._options.function, job.data, unique, "normal", at)
        self._expect(until)
        self._scheduled[unique] = at
        if len(self._scheduled) > MOST_SCHEDULED:
            del self._scheduled[next(iter(self._scheduled))]
        told = f"not to be started before {until:.0f}"
        self._aftermath.hand_over(job, copy, told, settled, aside=True)

    def _is_settled_again(self, job: Assigned, settled: Callable[[], None]) -> bool:
        pending = self._unsettled.seen(job)
        if pending is None:
            return False
        if pending.copy is None:
            fail(job, pending.told)
            settled()
        else:
            self._aftermath.hand_over(
                job, pending.copy, pending.told, settled, losses=pending.losses
            )
        return True

    def _refuse(self, job: Assigned, settled: Callable[[], None]) -> None:
        limit = self._options.max_payload
        key = JobKey.parse(job.unique.decode("latin-1"))
        envelope = Envelope(payload=b"", job_id=self._new_id())
        if key is not None and key.mark == self._mark:
            envelope = replace(
                envelope, job_id=key.job_id, attempt=key.attempt, delivery=key.delivery,
                enqueued_at=key.enqueued_at,
            )  # fmt: skip
        size = len(job.data) + job.missing
        message = (
            f"the payload of {size:,} bytes is above --max-payload of {limit:,}; it was not kept: "
            f"{job.handle.decode('ascii', 'backslashreplace')} at {job.link.server}"
        )
        dossier = Dossier(
            outcome="rejected",
            error_type="TooLarge",
            error_message=message,
            attempt=envelope.attempt,
            started_at=round(self._clock.wall(), 3),
        )
        log.warning("job %s: %s; a dead letter now", envelope.job_id, message)
        self._aftermath.bury(job, envelope.failed(dossier), message, settled)
