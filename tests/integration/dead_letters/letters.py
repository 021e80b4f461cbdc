"""Dead letters for tests, made as workers make them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence

from gearmang.dead_letters.arriving.letter import Letter, letter_of
from gearmang.dead_letters.arriving.storing import Stored, store_letters
from gearmang.dead_letters.store.seam import Store
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope


def dossier(
    error: str = "ValueError",
    message: str = "bad size",
    frames: Sequence[str] = ("thumbnails.py:resize",),
    revision: str | None = "r1",
    attempt: int = 1,
    outcome: str = "failure",
) -> Dossier:
    return Dossier(
        outcome=outcome,
        error_type=error,
        error_message=message,
        traceback=f"Traceback (most recent call last):\n{error}: {message}",
        frames=tuple(frames),
        started_at=round(time.time() - 1, 3),
        duration_seconds=0.25,
        attempt=attempt,
        worker="resize@host:1+2",
        host="host",
        revision=revision,
    )


def dead_job(
    payload: bytes = b'{"image": 7}',
    *,
    function: str | None = "resize",
    job_id: str | None = None,
    tries: int = 3,
    last: Dossier | None = None,
    server: str | None = "gm1:4730",
) -> Envelope:
    """A job after its last attempt, as its worker would submit it to ``gearmang``."""
    history = tuple(dossier(attempt=number) for number in range(1, tries))
    return Envelope(
        payload=payload,
        job_id=job_id or uuid.uuid4().hex,
        attempt=tries + 1,
        delivery=tries,
        enqueued_at=round(time.time() - 60, 3),
        function=function,
        server=server,
        history=(*history, last or dossier(attempt=tries)),
    )


def arrived(*jobs: Envelope) -> list[Letter]:
    return [
        letter_of(job.pack(), job.death_id.encode(), server="gm0:4730", now=time.time())
        for job in jobs
    ]


def put(store: Store, *jobs: Envelope) -> Stored:
    """Store the deaths of these jobs."""
    return store_letters(store, arrived(*jobs))


def many(count: int, *, error: str = "ValueError", function: str = "resize") -> Iterable[Envelope]:
    for number in range(count):
        yield dead_job(b'{"image": %d}' % number, function=function, last=dossier(error))
