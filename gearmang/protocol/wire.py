"""Gearman's binary protocol as bytes in and packets out, without a socket.

The numbers are those of the ``gearman`` package (gearman.protocol); the two that it lacks are
from gearmand's own protocol description.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from gearman import protocol as numbers

from gearmang.errors import GearmangError

CAN_DO: Final[int] = numbers.GEARMAN_COMMAND_CAN_DO
CANT_DO: Final[int] = numbers.GEARMAN_COMMAND_CANT_DO
PRE_SLEEP: Final[int] = numbers.GEARMAN_COMMAND_PRE_SLEEP
NOOP: Final[int] = numbers.GEARMAN_COMMAND_NOOP
SUBMIT_JOB: Final[int] = numbers.GEARMAN_COMMAND_SUBMIT_JOB
SUBMIT_JOB_HIGH: Final[int] = numbers.GEARMAN_COMMAND_SUBMIT_JOB_HIGH
SUBMIT_JOB_LOW: Final[int] = numbers.GEARMAN_COMMAND_SUBMIT_JOB_LOW
SUBMIT_JOB_BG: Final[int] = numbers.GEARMAN_COMMAND_SUBMIT_JOB_BG
SUBMIT_JOB_HIGH_BG: Final[int] = numbers.GEARMAN_COMMAND_SUBMIT_JOB_HIGH_BG
SUBMIT_JOB_LOW_BG: Final[int] = numbers.GEARMAN_COMMAND_SUBMIT_JOB_LOW_BG
SUBMIT_JOB_EPOCH: Final[int] = 36  # not in gearman.protocol
JOB_CREATED: Final[int] = numbers.GEARMAN_COMMAND_JOB_CREATED
GRAB_JOB_UNIQ: Final[int] = numbers.GEARMAN_COMMAND_GRAB_JOB_UNIQ
JOB_ASSIGN_UNIQ: Final[int] = numbers.GEARMAN_COMMAND_JOB_ASSIGN_UNIQ
NO_JOB: Final[int] = numbers.GEARMAN_COMMAND_NO_JOB
WORK_STATUS: Final[int] = numbers.GEARMAN_COMMAND_WORK_STATUS
WORK_DATA: Final[int] = numbers.GEARMAN_COMMAND_WORK_DATA
WORK_COMPLETE: Final[int] = numbers.GEARMAN_COMMAND_WORK_COMPLETE
WORK_FAIL: Final[int] = numbers.GEARMAN_COMMAND_WORK_FAIL
WORK_EXCEPTION: Final[int] = numbers.GEARMAN_COMMAND_WORK_EXCEPTION
ECHO_REQ: Final[int] = numbers.GEARMAN_COMMAND_ECHO_REQ
ECHO_RES: Final[int] = numbers.GEARMAN_COMMAND_ECHO_RES
ERROR: Final[int] = numbers.GEARMAN_COMMAND_ERROR
SET_CLIENT_ID: Final[int] = numbers.GEARMAN_COMMAND_SET_CLIENT_ID
OPTION_REQ: Final[int] = numbers.GEARMAN_COMMAND_OPTION_REQ
OPTION_RES: Final[int] = numbers.GEARMAN_COMMAND_OPTION_RES

LONGEST_PACKET = 64 * 1024 * 1024  # bytes; gearmand 1.1.20 refuses larger jobs

_HEADER: Final = struct.Struct("!4sII")
_REQUEST: Final[bytes] = numbers.MAGIC_REQ_STRING
_RESPONSE: Final[bytes] = numbers.MAGIC_RES_STRING


class BadPacket(GearmangError):
    """The server sent something that is no packet of this protocol: do not trust the connection."""


class Packet(NamedTuple):
    """One packet from the server: its command number and its undivided body."""

    command: int
    body: bytes

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


class Decoder:
    """Turns what a socket received into packets, however it was cut on the way."""

    def __init__(self, longest: int = LONGEST_PACKET) -> None:
        self._buffer = bytearray()
        self._longest = longest

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Take in bytes and give out the packets that are complete.

        Raises:
            BadPacket: the bytes are no response, or announce more than the longest packet.
        """
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
                if size > self._longest:
                    raise BadPacket(f"a packet of {size} bytes, over the limit of {self._longest}")
                body = start + _HEADER.size
                if end - body < size:
                    return
                start = body + size
                yield Packet(command, bytes(buffer[body:start]))
        finally:
            del buffer[:start]
