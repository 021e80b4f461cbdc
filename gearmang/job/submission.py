"""One job on its way into a queue: as a caller gives it, as gearmand gets it, once it is queued."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from gearmang.protocol import wire
from gearmang.protocol.key import LONGEST_UNIQUE
from gearmang.protocol.server import Server

Priority = Literal["high", "normal", "low"]


LONGEST_FUNCTION: Final = 512  # bytes; gearmand 1.1.20 refuses longer names

_BACKGROUND: Final[dict[str, int]] = {
    "high": wire.SUBMIT_JOB_HIGH_BG,
    "normal": wire.SUBMIT_JOB_BG,
    "low": wire.SUBMIT_JOB_LOW_BG,
}


class Submission(NamedTuple):
    """One job for `Client.submit_many`; the fields are those of `Client.submit`."""

    function: str
    data: Any
    unique: str | None = None
    priority: Priority = "normal"
    at: float | None = None


class Submitted(NamedTuple):
    """A job that gearmand has queued.

    Attributes:
        job_id: 32 hexadecimal digits, by which records and dead letters know the job; None for one
            under a key of the caller's, whose id the worker makes.
        handle: gearmand's own name for it.
        server: the gearmand that took it.
    """

    job_id: str | None
    handle: str
    server: Server


class Packed(NamedTuple):
    """One job as gearmand gets it.

    Attributes:
        payload: the bytes, bare or in an envelope.
        unique: the key by which gearmand joins jobs; at most 64 bytes.
        at: do not start before, in seconds since the epoch.
        tag: whatever the caller wants back with the job.
    """

    function: str
    payload: bytes
    unique: str
    priority: Priority = "normal"
    at: int | None = None
    tag: object = None

    def request(self) -> bytes:
        """The bytes that submit it.

        Raises:
            ValueError: the function's name or the unique key cannot be sent.
        """
        return b"".join(self.parts())

    def parts(self) -> tuple[bytes, bytes]:
        """The same in two parts, the second of which is the payload itself: no copy of it.

        Raises:
            ValueError: the function's name or the unique key cannot be sent.
        """
        function, unique = as_bytes(self.function), as_bytes(self.unique)
        if not function or len(function) > LONGEST_FUNCTION or b"\0" in function:
            raise ValueError(
                f"{self.function[:80]!r} is no function name: "
                f"1 to {LONGEST_FUNCTION} bytes without NUL"
            )
        if len(unique) > LONGEST_UNIQUE or b"\0" in unique:
            raise ValueError(
                f"the unique key {self.unique[:80]!r} must have at most {LONGEST_UNIQUE} bytes "
                "and no NUL"
            )
        if self.at is not None:
            when = str(int(self.at)).encode()
            return wire.parted(wire.SUBMIT_JOB_EPOCH, function, unique, when, self.payload)
        return wire.parted(_BACKGROUND[self.priority], function, unique, self.payload)


class Queued(NamedTuple):
    """A job whose JOB_CREATED has been read."""

    packed: Packed
    handle: str
    server: Server


def as_bytes(name: str) -> bytes:
    """A name as gearmand has it; one that is no UTF-8 comes back as the bytes that it was."""
    return name.encode("utf-8", "surrogateescape")
