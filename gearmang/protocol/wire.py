"""Gearman's binary protocol as bytes in and packets out, without a socket.

The numbers are those of gearmand's protocol description; a test holds them against the ``gearman``
package, which is not there on the Python of every monitor.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from gearmang.errors import GearmangError

CAN_DO: Final = 1
CANT_DO: Final = 2
PRE_SLEEP: Final = 4
NOOP: Final = 6
SUBMIT_JOB: Final = 7
SUBMIT_JOB_HIGH: Final = 21
SUBMIT_JOB_LOW: Final = 33
SUBMIT_JOB_BG: Final = 18
SUBMIT_JOB_HIGH_BG: Final = 32
SUBMIT_JOB_LOW_BG: Final = 34
SUBMIT_JOB_EPOCH: Final = 36  # gearmand only
JOB_CREATED: Final = 8
GET_STATUS: Final = 15
STATUS_RES: Final = 20
GET_STATUS_UNIQUE: Final = 41  # gearmand only
STATUS_RES_UNIQUE: Final = 42
GRAB_JOB: Final = 9
JOB_ASSIGN: Final = 11
GRAB_JOB_UNIQ: Final = 30
JOB_ASSIGN_UNIQ: Final = 31
NO_JOB: Final = 10
WORK_STATUS: Final = 12
WORK_DATA: Final = 28
WORK_COMPLETE: Final = 13
WORK_FAIL: Final = 14
WORK_EXCEPTION: Final = 25
WORK_WARNING: Final = 29
ECHO_REQ: Final = 16
ECHO_RES: Final = 17
ERROR: Final = 19
SET_CLIENT_ID: Final = 22
OPTION_REQ: Final = 26
OPTION_RES: Final = 27

LARGEST_PAYLOAD: Final = 256 * 1024 * 1024  # bytes; what all that handles jobs is made for
LONGEST_PACKET: Final = LARGEST_PAYLOAD + 16 * 1024 * 1024  # bytes; room for names and dossiers

_HEADER: Final = struct.Struct("!4sII")
_REQUEST: Final = b"\0REQ"
_RESPONSE: Final = b"\0RES"


class BadPacket(GearmangError):
    """The server sent something that is no packet of this protocol: do not trust the connection."""


class Packet(NamedTuple):
    """One packet from the server.

    Attributes:
        command: its number.
        body: undivided; of a packet above the decoder's limit only its beginning.
        missing: how many bytes of such a body were left out.
    """

    command: int
    body: bytes
    missing: int = 0

    def split(self, count: int) -> list[bytes]:
        """The body's ``count`` arguments; only the last one may hold NUL bytes.

        Raises:
            BadPacket: the body holds fewer.
        """
        arguments = self.body.split(b"\0", count - 1)
        if len(arguments) != count:
            raise BadPacket(f"packet {self.command} has {len(arguments)} of {count} arguments")
        return arguments


def request(command: int, *arguments: bytes) -> bytes:
    """The bytes of one request to the server."""
    body = b"\0".join(arguments)
    return _HEADER.pack(_REQUEST, command, len(body)) + body


def parted(command: int, *arguments: bytes) -> tuple[bytes, bytes]:
    """The same in two parts, the second of which is the last argument itself: no copy of it."""
    head = b"\0".join((*arguments[:-1], b""))
    size = len(head) + len(arguments[-1])
    return _HEADER.pack(_REQUEST, command, size) + head, arguments[-1]


class Decoder:
    """Turns what a socket received into packets, however it was cut on the way.

    Args:
        longest: bytes of the longest body that is taken whole.
        kept: bytes that are kept of a longer one; None: a longer one is refused.
    """

    def __init__(self, longest: int = LONGEST_PACKET, kept: int | None = None) -> None:
        self._buffer = bytearray()
        self._longest = longest
        self._kept = kept
        self._skipped = 0  # bytes that are still to come of a body that is not kept

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Take in bytes and give out the packets that are complete.

        Raises:
            BadPacket: the bytes are no response, or announce more than the longest packet.
        """
        if self._skipped:
            past = min(self._skipped, len(data))
            self._skipped -= past
            data = data[past:]
        buffer = self._buffer
        if not buffer and len(data) >= _HEADER.size:
            magic, command, size = _HEADER.unpack_from(data)
            if magic == _RESPONSE and size == len(data) - _HEADER.size and size <= self._longest:
                yield Packet(command, data[_HEADER.size :])  # one whole packet, as nearly always
                return
        buffer += data
        start, end = 0, len(buffer)
        try:
            while end - start >= _HEADER.size:
                magic, command, size = _HEADER.unpack_from(buffer, start)
                if magic != _RESPONSE:
                    raise BadPacket(
                        f"not a gearmand: it sent {bytes(buffer[start : start + 16])!r}"
                    )
                body = start + _HEADER.size
                if size > self._longest:
                    if self._kept is None:
                        raise BadPacket(
                            f"a packet of {size} bytes, over the limit of {self._longest}"
                        )
                    if end - body < self._kept:
                        return
                    there = min(size, end - body)
                    self._skipped = size - there
                    start = body + there
                    beginning = bytes(buffer[body : body + self._kept])
                    yield Packet(command, beginning, size - self._kept)
                    continue
                if end - body < size:
                    return
                start = body + size
                with memoryview(buffer) as view:
                    packet = Packet(command, bytes(view[body:start]))
                yield packet
        finally:
            del buffer[:start]
