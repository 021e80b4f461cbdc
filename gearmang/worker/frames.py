"""What supervisor and executor say to each other over their socket pair.

A job travels as it came from gearmand, unparsed: the body of JOB_ASSIGN_UNIQ behind a sequence
number. The executor answers in frames of a kind and a length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

from gearmang.job.dossier import Dossier

JOB_HEADER: Final = struct.Struct("!QI")  # sequence number, length of the body
ANSWER_HEADER: Final = struct.Struct("!BI")  # kind, length of the body

READY: Final = 1  # the code is loaded; jobs may come
BROKEN: Final = 2  # the code cannot be loaded; the body says why
DONE: Final = 3  # the result
DONE_AND_FULL: Final = 4  # the result, and the executor has grown over its memory limit
FAILED: Final = 5  # JSON: the dossier, and what the policy wants to know
HELD: Final = 6  # too early: not before the time (ASCII, seconds since the epoch) in the body
PROGRESS: Final = 7  # numerator NUL denominator
DATA: Final = 8  # a part of the result

LARGE: Final = 64 * 1024  # bytes from which a body is sent by itself
LONGEST_ANSWER: Final = 64 * 1024 * 1024 - 1024  # bytes of a result that fit in a packet

_KINDS: Final = frozenset(range(READY, DATA + 1))


class BadFrame(Exception):
    """The executor sent what is no frame: its code has written over our socket."""


class Answer(NamedTuple):
    """One frame from the executor."""

    kind: int
    body: bytes


class Failure(NamedTuple):
    """The body of a FAILED frame.

    Attributes:
        dossier: as far as the executor knows.
        retryable: False for an exception that the worker does not retry.
        after: seconds that `Retry` asked for.
    """

    dossier: Dossier
    retryable: bool
    after: float | None

    def body(self) -> bytes:
        """The bytes for the frame."""
        told = {"dossier": self.dossier.to_dict(), "retryable": self.retryable}
        return orjson.dumps(told | {"after": self.after})


def failure_of(body: bytes) -> Failure:
    """Read the body of a FAILED frame; one that a job has tampered with is a failure, too."""
    try:
        told = orjson.loads(body)
        after = told["after"]
        return Failure(
            Dossier.from_dict(told["dossier"]),
            bool(told["retryable"]),
            None if after is None else float(after),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        odd = Dossier(outcome="crashed", error_type="BadFrame", error_message="unreadable failure")
        return Failure(odd, True, None)


def time_of(body: bytes) -> float:
    """Read the body of a HELD frame, in seconds since the epoch; 0 when it is none."""
    try:
        return float(body)
    except ValueError:
        return 0.0


def job_frame(sequence: int, body: bytes) -> tuple[bytes, ...]:
    """The frame that hands a job to the executor, in parts: a large body is not copied."""
    header = JOB_HEADER.pack(sequence, len(body))
    return (header + body,) if len(body) < LARGE else (header, body)


def answer_frame(kind: int, body: bytes = b"") -> bytes:
    """The frame of an answer."""
    return ANSWER_HEADER.pack(kind, len(body)) + body


class AnswerDecoder:
    """Turns what came over the socket pair into answers, however it was cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted = 0  # bytes of the frame that the buffer begins with

    def feed(self, data: bytes) -> Iterator[Answer]:
        """Take in bytes and give out the answers that are complete.

        Raises:
            BadFrame: the bytes are no frame.
        """
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._wanted:
                return
            data = bytes(self._buffer)
            self._buffer.clear()
        start, end = 0, len(data)
        if end >= ANSWER_HEADER.size:
            kind, size = ANSWER_HEADER.unpack_from(data)
            if size == end - ANSWER_HEADER.size and kind in _KINDS and size <= LONGEST_ANSWER:
                yield Answer(kind, data[ANSWER_HEADER.size :])  # one whole frame, as nearly always
                return
        while end - start >= ANSWER_HEADER.size:
            kind, size = ANSWER_HEADER.unpack_from(data, start)
            if kind not in _KINDS or size > LONGEST_ANSWER:
                raise BadFrame(f"kind {kind}, {size} bytes")
            body = start + ANSWER_HEADER.size
            if end - body < size:
                self._wanted = ANSWER_HEADER.size + size
                break
            start = body + size
            yield Answer(kind, data[body:start])
        else:
            self._wanted = ANSWER_HEADER.size
        if start < end:
            self._buffer += memoryview(data)[start:]
