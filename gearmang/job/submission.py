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
_AWAITED: Final[dict[str, int]] = {
    "high": wire.SUBMIT_JOB_HIGH,
    "normal": wire.SUBMIT_JOB,
    "low": wire.SUBMIT_JOB_LOW,
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
        joined: a job with the same key was there, so that no other one was made: what this one's
            data says is not done. None: the server cannot tell.
    """

    job_id: str | None
    handle: str
    server: Server
    joined: bool | None = False


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

    def awaiting(self) -> bytes:
        """The bytes that submit it and have its result come back; not for one with ``at``.

        Raises:
            ValueError: the function's name or the unique key cannot be sent.
        """
        return b"".join(self.parts(_AWAITED))

    def parts(self, commands: dict[str, int] = _BACKGROUND) -> tuple[bytes, bytes]:
        """The same in two parts, the second of which is the payload itself: no copy of it.

        Args:
            commands: by the priority's name.

        Raises:
            ValueError: the function's name or the unique key cannot be sent.
        """
        function, unique = as_bytes(self.function), as_key(self.unique)
        if not function or len(function) > LONGEST_FUNCTION or b"\0" in function:
            raise ValueError(
                f"{self.function[:80]!r} is no function name: "
                f"1 to {LONGEST_FUNCTION} bytes without NUL"
            )
        if self.at is not None:
            when = str(int(self.at)).encode()
            return wire.parted(wire.SUBMIT_JOB_EPOCH, function, unique, when, self.payload)
        return wire.parted(commands[self.priority], function, unique, self.payload)


class Queued(NamedTuple):
    """A job whose JOB_CREATED has been read."""

    packed: Packed
    handle: str
    server: Server


def as_bytes(name: str) -> bytes:
    """A name as gearmand has it; one that is no UTF-8 comes back as the bytes that it was."""
    return name.encode("utf-8", "surrogateescape")


def as_key(unique: str) -> bytes:
    """A unique key as gearmand has it.

    Raises:
        ValueError: it cannot be sent.
    """
    raw = as_bytes(unique)
    if len(raw) > LONGEST_UNIQUE or b"\0" in raw:
        raise ValueError(
            f"the unique key {unique[:80]!r} must have at most {LONGEST_UNIQUE} bytes and no NUL"
        )
    return raw


def refusal(server: Server, packet: wire.Packet) -> str:
    """One sentence about an ERROR packet."""
    code, _, text = packet.body.partition(b"\0")
    reason = (text or code).decode("utf-8", "backslashreplace")[:200]
    if code == b"QUEUE_ERROR":
        reason += "; the queue is at its maxqueue or its store cannot be written"
    return f"gearmand {server} refused the job: {reason}"
