"""What a caller hears of a job: what its worker tells in between, and what it came to."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Union

import orjson

from gearmang.protocol import wire
from gearmang.protocol.server import Server

LONGEST_TEXT: Final = 64 * 1024  # bytes of a failure's or a warning's text that are kept


class Progress(NamedTuple):
    """The worker has done so many parts of so many."""

    done: int
    of: int


class Part(NamedTuple):
    """A part of the result, sent before its end."""

    raw: bytes

    @property
    def data(self) -> Any:
        """The same read from JSON; the bytes themselves where they are none."""
        return _read(self.raw)


class Warned(NamedTuple):
    """What the worker wants to be known; from one of ours it is why the job failed."""

    text: str


News = Union[Progress, Part, Warned]


class Returned(NamedTuple):
    """What a job came to.

    Attributes:
        raw: the result, byte for byte.
        handle: gearmand's name of the job.
        server: the gearmand that it went through.
        parts: what the worker sent before, but for what was taken by iterating over the call.
    """

    raw: bytes
    handle: str
    server: Server
    parts: tuple[Part, ...] = ()

    @property
    def data(self) -> Any:
        """The result read from JSON; the bytes themselves where they are none."""
        return _read(self.raw)


def news_of(command: int, rest: bytes) -> News | None:
    """What a worker tells in between; None for what cannot be read."""
    if command == wire.WORK_DATA:
        return Part(rest)
    if command == wire.WORK_WARNING:
        return Warned(text_of(rest))
    if command == wire.WORK_STATUS:
        done, _, of = rest.partition(b"\0")
        try:
            return Progress(int(done), int(of.rstrip(b"\0")))
        except ValueError:
            return None
    return None


def text_of(raw: bytes) -> str:
    """A text of a worker's, which may be of any length and in no encoding."""
    return raw[:LONGEST_TEXT].decode("utf-8", "backslashreplace")


def _read(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except ValueError:
        return raw
