"""The envelope around a user's payload: who the job is, which attempt this is, what befell it.

Nearly every job travels bare, its payload as it was submitted: its unique key says which job it
is (`gearmang.protocol.key`); one whose key is not ours (by PHP, by ``gearman -b``) is the first
attempt of a new job. A dead letter carries its history as well: one line ``GEARMANG/1 {json}``
before the payload. docs/wire.md specifies both.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from gearmang.errors import BadEnvelope
from gearmang.job.dossier import Dossier
from gearmang.protocol.key import JobKey

if TYPE_CHECKING:
    from typing_extensions import Self


MAGIC = b"GEARMANG/1 "
_JOB_ID = re.compile("[0-9a-f]{32}", re.ASCII)
_RAW = "\\x:"  # before a function's name in hexadecimal
LONGEST_INTEGER = 63  # bits that JSON parsers everywhere take
LONGEST_FLOAT = 1000  # bits of the largest integers that are a float
LONGEST_HISTORY = 32  # dossiers that travel with a job; the oldest are left out above


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One job on its way.

    Attributes:
        payload: what the user submitted.
        job_id: 32 hexadecimal digits, the same from first submission to last death.
        attempt: which attempt of this life the next run is, from 1; a requeue from the dead
            letters starts a new life at 1.
        delivery: how often the job has been put into a queue, from 1 over all its lives. With
            ``job_id`` it names a death: the same death delivered twice has the same `death_id`, a
            second death has not.
        enqueued_at: when the job was first submitted, in seconds since the epoch; None for a job
            that was submitted bare.
        not_before: do not start before this time, in seconds since the epoch.
        function: on a dead letter, the function that the job was queued under.
        server: on a dead letter, the gearmand that it came from.
        history: the dossiers of the attempts so far, oldest first.
    """

    payload: bytes
    job_id: str
    attempt: int = 1
    delivery: int = 1
    enqueued_at: float | None = None
    not_before: float | None = None
    function: str | None = None
    server: str | None = None
    history: tuple[Dossier, ...] = ()

    @property
    def death_id(self) -> str:
        """The name of the death that this delivery has led to."""
        return f"{self.job_id}-{self.delivery}"

    def failed(self, dossier: Dossier, *, counted: bool = True) -> Self:
        """The envelope after a failed attempt: its history grown, its attempt counted."""
        return replace(
            self,
            attempt=self.attempt + (1 if counted else 0),
            history=(*self.history, dossier)[-LONGEST_HISTORY:],
        )

    def revived(self) -> Self:
        """The envelope for a requeue from the dead letters: a new life with full retries."""
        again = self.delivery + 1
        return replace(self, attempt=1, delivery=again, not_before=None, function=None, server=None)

    def pack(self) -> bytes:
        """The bytes for gearmand; `unpack` reads them back."""
        # On the wire stands how many deliveries have failed: a dead letter's own is one of them.
        tries = self.delivery if self.function is not None else self.delivery - 1
        head: dict[str, Any] = {"id": self.job_id, "attempt": self.attempt, "tries": tries}
        for name in ("enqueued_at", "not_before", "function", "server"):
            value = getattr(self, name)
            if value is not None:
                head[name] = value
        if self.function is not None and not _is_utf8(self.function):
            head["function"] = _RAW + os.fsencode(self.function).hex()
        if self.history:
            head["history"] = [dossier.to_dict() for dossier in self.history]
        try:
            line = orjson.dumps(head)
        except TypeError:  # a lone surrogate or an integer beyond 64 bits in somebody's dossier
            line = orjson.dumps(_cleaned(head))
        return MAGIC + line + b"\n" + self.payload

    @classmethod
    def unpack(
        cls, data: bytes, unique: bytes = b"", job_id: str | None = None, mark: str | None = None
    ) -> Self:
        """Read a job as it came from gearmand: by a key of ours, as an envelope, or as a bare job.

        Args:
            data: the job's payload, in an envelope or bare.
            unique: the job's unique key; only one of ours says which job it is.
            job_id: the id for a bare job whose key is not ours; a random one by default.
            mark: of the function that the job was queued under; a key of ours with another mark
                was made for another job. None: any mark will do.

        Raises:
            BadEnvelope: the key is not ours, and the data starts with the magic but its first line
                cannot be read.
        """
        key = JobKey.parse(unique.decode("latin-1")) if unique else None
        if key is not None and (mark is None or key.mark == mark):
            return cls._under(key, data)
        if not data.startswith(MAGIC):
            return cls(payload=data, job_id=job_id or uuid.uuid4().hex)
        return cls._opened(data)

    @classmethod
    def _under(cls, key: JobKey, data: bytes) -> Self:
        """A job whose key is ours; only an envelope of that very job is one here."""
        bare = cls(
            payload=data,
            job_id=key.job_id,
            attempt=key.attempt,
            delivery=key.delivery,
            enqueued_at=key.enqueued_at,
            not_before=key.not_before,
        )
        if not data.startswith(MAGIC):
            return bare
        try:
            opened = cls._opened(data)
        except BadEnvelope:
            return bare
        if opened.job_id != key.job_id:
            return bare
        return replace(bare, payload=opened.payload, history=opened.history)

    @classmethod
    def _opened(cls, data: bytes) -> Self:
        end = data.find(b"\n")
        if end < 0:
            raise BadEnvelope("the envelope's first line has no end; the job was cut on its way")
        line, payload = data[len(MAGIC) : end], data[end + 1 :]
        try:
            head = orjson.loads(line)
        except ValueError as error:
            raise BadEnvelope(f"the envelope's first line is no JSON: {error}") from None
        return cls._from_head(head, payload)

    @classmethod
    def _from_head(cls, head: object, payload: bytes) -> Self:
        if not isinstance(head, Mapping):
            raise BadEnvelope("the envelope's first line is no JSON object")
        history = _expect(head, "history", list, [])
        if not all(isinstance(entry, dict) for entry in history):
            raise BadEnvelope("the envelope's history holds something other than objects")
        job_id = _expect(head, "id", str, "")
        if not _is_job_id(job_id):
            raise BadEnvelope(f"the envelope's id {job_id[:80]!r} is not 32 hexadecimal digits")
        function = _function(_expect(head, "function", str, None))
        tries = _expect(head, "tries", int, 0)
        return cls(
            payload=payload,
            job_id=job_id,
            attempt=max(1, _expect(head, "attempt", int, 1)),
            delivery=max(1, tries if function is not None else tries + 1),
            enqueued_at=_expect(head, "enqueued_at", int | float, None),
            not_before=_expect(head, "not_before", int | float, None),
            function=function,
            server=_expect(head, "server", str, None),
            history=tuple(Dossier.from_dict(entry) for entry in history[-LONGEST_HISTORY:]),
        )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _function(told: str | None) -> str | None:
    """A function's name; one that is no UTF-8 travels as ``\\x:`` and its bytes in hexadecimal."""
    if told is None or not told.startswith(_RAW):
        return told
    try:
        return os.fsdecode(bytes.fromhex(told[len(_RAW) :]))
    except ValueError:
        raise BadEnvelope(f"the envelope's function is {told[:80]!r}") from None


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and value.bit_length() > LONGEST_INTEGER:
        return float(value) if value.bit_length() < LONGEST_FLOAT else None
    return value


def _expect(head: Mapping[str, Any], name: str, kind: Any, default: Any) -> Any:
    value = head.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadEnvelope(f"the envelope's {name} is {str(value)[:80]!r}")
    return value


def _is_job_id(text: str) -> bool:
    return _JOB_ID.fullmatch(text) is not None
