"""From a job on the function ``gearmang`` to the letter that is stored; nothing is refused."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from gearmang.dead_letters.store.moment import new_id
from gearmang.errors import BadEnvelope
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from gearmang.job.fingerprint import fingerprint

DEAD_FUNCTION: Final = "gearmang"  # the gearmand function that dead letters arrive on

TOO_LARGE: Final = "TooLarge"
"""The error type of a letter whose payload was too large to be kept."""

# What a list shows of a text, in characters; all of it is in the letter's body.
_LONGEST_NAME: Final = 512
_LONGEST_MESSAGE: Final = 500

_NO_DOSSIER: Final = Dossier(
    outcome="rejected", error_type="NoDossier", error_message="it arrived without a dossier"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One death, ready for the tables.

    Attributes:
        row: the columns of ``dead_letters``.
        body: the columns of ``dead_letter_bodies``.
        place: the innermost frame of the user's code, for people.
    """

    row: dict[str, Any]
    body: dict[str, Any]
    place: str


def letter_of(
    data: bytes, unique: bytes, *, server: str, now: float, cut: str | None = None
) -> Letter:
    """Read a job that arrived on ``gearmang``.

    What is no envelope is a letter too: somebody submitted it, and it may be all that is left.

    Args:
        data: the job's payload as gearmand gave it.
        unique: its unique key.
        server: the gearmand it came from, for letters that do not name theirs.
        now: seconds since the epoch.
        cut: where the data is only the beginning of a letter too large to store: its size and
            where it was. The letter is then kept without its payload, and says so.
    """
    try:
        envelope = Envelope.unpack(data, unique)
    except BadEnvelope as error:
        dossier = Dossier(outcome="rejected", error_type="BadEnvelope", error_message=str(error))
        envelope = Envelope(payload=data, job_id=_digest(data, unique), history=(dossier,))
    if envelope.function is None and not envelope.history:
        # The unique key or, where it says nothing, the content names it: delivered twice, it
        # must be one row.
        envelope = replace(envelope, job_id=_digest(data, unique), history=(_NO_DOSSIER,))
    if cut is not None:
        envelope = _without_payload(envelope, cut)
    return from_envelope(envelope, server=server, now=now)


def _without_payload(envelope: Envelope, cut: str) -> Envelope:
    dossier = Dossier(
        outcome="rejected",
        error_type=TOO_LARGE,
        error_message=f"the payload is above the collector's --max-payload and was not kept; {cut}",
        attempt=envelope.attempt,
    )
    return replace(envelope, payload=b"", history=(*envelope.history, dossier))


def from_envelope(envelope: Envelope, *, server: str, now: float) -> Letter:
    """The letter of a dead job's envelope."""
    function = envelope.function or DEAD_FUNCTION
    last = envelope.history[-1] if envelope.history else _NO_DOSSIER
    identity = new_id(now)
    return Letter(
        row={
            "id": identity,
            "death_id": envelope.death_id,
            "job_id": envelope.job_id,
            "state": "dead",
            "fingerprint": fingerprint(function, last),
            "function": fit(function, _LONGEST_NAME),
            "server": fit(envelope.server or server, _LONGEST_NAME),
            "error_type": fit(last.error_type, _LONGEST_NAME),
            "error_message": fit(last.error_message, _LONGEST_MESSAGE),
            "attempts": envelope.delivery,
            "worker": None if last.worker is None else fit(last.worker, _LONGEST_NAME),
            "revision": None if last.revision is None else fit(last.revision, _LONGEST_NAME),
            "payload_bytes": len(envelope.payload),
            "enqueued_at": _time(envelope.enqueued_at, now),
            "died_at": _time(_end_of(last), now) or now,
            "stored_at": now,
            "plan": None,
        },
        body={
            "id": identity,
            "payload": envelope.payload,
            "history": orjson.dumps([dossier.to_dict() for dossier in envelope.history]),
            "odd_function": odd_bytes(function),
        },
        place=fit(last.frames[-1] if last.frames else "", _LONGEST_NAME),
    )


def fit(text: str, longest: int) -> str:
    """The text as any database takes it: no NUL, no lone surrogate, not too long."""
    if not text.isascii():
        try:
            raw = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # a surrogate that stands for no byte
            raw = text.encode("utf-8", "backslashreplace")
        text = raw.decode("utf-8", "backslashreplace")
    return text.replace("\0", "\\x00")[:longest]


def odd_bytes(function: str) -> bytes | None:
    """A function's name as bytes, where `fit` would not give it back; else None."""
    if fit(function, _LONGEST_NAME) == function:
        return None
    return function.encode("utf-8", "surrogateescape")


def _digest(data: bytes, unique: bytes) -> str:
    return hashlib.sha256(b"%d:%b%b" % (len(unique), unique, data)).hexdigest()[:32]


def _end_of(dossier: Dossier) -> float | None:
    if dossier.started_at is None:
        return None
    return dossier.started_at + (dossier.duration_seconds or 0.0)


def _time(seconds: float | None, now: float) -> float | None:
    """A time that came from the queue, where it can be one: a worker's clock may be a day off."""
    if seconds is None or not math.isfinite(seconds) or not 0 < seconds < now + 86_400:
        return None
    return float(seconds)
