"""Commands that are sent together, and their replies as bytes come in; knows no socket.

gearmand ends a list with the line ``.``, but functions have been seen whose name holds that line.
So ``getpid`` is asked first, and again after every command: its answer, by then known, is the fence
behind each reply. It also tells a service that is not gearmand by its first line.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gearmang.protocol.errors import BadReply, RefusedReply
from gearmang.protocol.replies import excerpt

DEFAULT_MEMORY = 64 * 1024 * 1024  # bytes that the replies of one server may take, parsed

# What parsing makes of a reply, measured: copies of its bytes (up to four bytes a character once
# it is not ASCII), and objects for each line and, in `workers`, for each word.
_COPIES = 5
_COPIES_NOT_ASCII = 14
_BYTES_PER_LINE = 320
_BYTES_PER_WORD = 80
_MOST_PER_BYTE = 64  # lines of a few bytes

_FENCE = b"getpid\r\n"
_PID = rb"OK ([0-9]{1,10})\n"
_LONGEST_FIRST_LINE = 14  # bytes: OK, a pid, LF


class Command(NamedTuple):
    """One admin command.

    Attributes:
        text: as it is sent, without its line's end.
        parse: makes the result of the complete reply.
        optional: an ERR makes its result None instead of a failure.
    """

    text: bytes
    parse: Callable[[bytes], Any]
    optional: bool = False


class Exchange:
    """One round trip.

    Args:
        commands: at least none; the pid is asked for in any case.
        memory: bytes that the replies may take, parsed; more is a `BadReply`.
    """

    def __init__(self, commands: Sequence[Command], memory: int = DEFAULT_MEMORY) -> None:
        self.commands = commands
        # CRLF: gearmand 1.1.20 takes the last letter off a name before a bare LF.
        self.request = _FENCE + b"".join(command.text + b"\r\n" + _FENCE for command in commands)
        self.pid = 0
        self._memory = memory
        self._buffer = bytearray()
        # Counting lines takes longer than receiving them: small replies are not looked at.
        self._look_at = memory // _MOST_PER_BYTE
        self._fence = b""
        self._starts: list[int] = []
        self._scanned = 0

    @property
    def received(self) -> int:
        """Bytes that have come in."""
        return len(self._buffer)

    def feed(self, data: bytes) -> bool:
        """Take what a socket received; True once the last reply is complete.

        Raises:
            BadReply: this is not gearmand, or it sends more than was asked for or may be held.
        """
        self._buffer += data
        if len(self._buffer) > self._look_at and not self._may_be_held():
            raise BadReply(f"sent more than may be held ({self._memory >> 20} MiB, parsed)")
        if not self._fence and not self._read_pid():
            return False
        while len(self._starts) <= len(self.commands):
            at = self._buffer.find(self._fence, self._scanned)
            if at < 0:
                self._scanned = max(self._scanned, len(self._buffer) - len(self._fence))
                return False
            self._starts.append(at + len(self._fence))
            self._scanned = self._starts[-1] - 1
        if self._starts[-1] != len(self._buffer):
            raise BadReply("sent more than it was asked for")
        return True

    def results(self) -> list[Any]:
        """The result of each command, in order; None for an optional one that was refused.

        Raises:
            BadReply: a reply is not what its command is answered by.
            RefusedReply: gearmand said ERR.
        """
        collects = gc.isenabled()
        # Tens of thousands of records, none of them garbage: looking for cycles among them would
        # take a third of the time.
        gc.disable()
        try:
            return self._parsed()
        finally:
            if collects:
                gc.enable()

    def _parsed(self) -> list[Any]:
        found: list[Any] = []
        for number, command in enumerate(self.commands):
            stop = self._starts[number + 1] - len(self._fence) + 1
            try:
                reply = bytes(memoryview(self._buffer)[self._starts[number] : stop])
                found.append(command.parse(reply))
            except RefusedReply as refusal:
                if not command.optional:
                    raise RefusedReply(f"refused `{command.text.decode()}`: {refusal}") from None
                found.append(None)
        return found

    def _may_be_held(self) -> bool:
        size, words = len(self._buffer), self._buffer.count(b" ")
        copies = _COPIES if self._buffer.isascii() else _COPIES_NOT_ASCII
        # Not again before it has grown by an eighth, which keeps this linear.
        self._look_at = size + size // 8
        cost = _BYTES_PER_LINE * self._buffer.count(b"\n") + _BYTES_PER_WORD * words
        return copies * self._look_at + cost <= self._memory

    def _read_pid(self) -> bool:
        match = re.match(_PID, self._buffer)
        if match:
            self.pid = int(match[1])
            self._fence = b"\n" + match[0]
            self._starts.append(match.end())
            self._scanned = match.end() - 1
            return True
        if b"\n" in self._buffer or not b"OK ".startswith(self._buffer[:3]):
            raise BadReply(
                f"does not answer like gearmand: {excerpt(bytes(self._buffer))}; check the port"
            )
        if len(self._buffer) > _LONGEST_FIRST_LINE:
            raise BadReply(f"answered {excerpt(bytes(self._buffer))} to `getpid`")
        return False
