"""Commands that are sent together, and their replies as bytes come in; knows no socket.

gearmand ends a list with the line ``.``, but functions have been seen whose name holds that line.
So ``getpid`` is asked first, and again after every command: its answer, by then known, is the fence
behind each reply. It also tells a service that is not gearmand by its first line.

Other servers know no ``getpid``. Perl's refuses it, always with the same line: that is its fence.
OpenStack's geard is silent on what it does not know, but refuses to cancel a job that is not there:
its lists end where they say so, and behind the last of them must come that refusal. gearman-java
knows `status` alone: its list ends where it says so, and nothing comes behind it.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
_REFUSAL = rb"ERR [^\r\n]{1,200}\r?\n"
_LIST_BEGINS = rb"(?:\.|[^\n\0]{0,600}\t[0-9]{1,19}\t[0-9]{1,19}\t[0-9]{1,19})\n"
_ONE_LIST = rb"(?:[^\n]*\t[0-9]{1,19}\t[0-9]{1,19}\t[0-9]{1,19}\n)*\.\n"
_NO_LIST = rb"[\0-\x08\x0e-\x1f]|[^\n]{700}"  # what begins so is neither text nor a function
_LAST_FENCE = b"cancel job H:-:0\r\n"  # no server numbers its jobs from 0
_LONGEST_LAST = 20  # bytes: the last list's end, and the refusal to cancel
_NOT_ANSWERED = b"ERR not answered\r\n"  # in place of the reply of a silent server
_LISTS = (b"status", b"workers")  # what a silent server answers


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


@contextmanager
def without_collection() -> Iterator[None]:
    """Tens of thousands of records are made, none of them garbage.

    To look for cycles among them would take a third of the time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class Exchange:
    """One round trip.

    Args:
        commands: at least none; the pid is asked for in any case.
        memory: bytes that the replies may take, parsed; more is a `BadReply`.

    Attributes:
        pid: the server's; None where it does not tell.
        silent: the server does not even refuse what it does not know.
        unanswered: commands that it does not know, once there are results.
    """

    def __init__(self, commands: Sequence[Command], memory: int = DEFAULT_MEMORY) -> None:
        self.commands = commands
        # CRLF: gearmand 1.1.20 takes the last letter off a name before a bare LF.
        self.request = _FENCE + b"".join(command.text + b"\r\n" + _FENCE for command in commands)
        self.pid: int | None = None
        self.silent = False
        self._alone = False
        self.unanswered: list[str] = []
        self._more = b""
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
        if not self._fence and not self._read_first_line():
            return False
        if self.silent:
            return self._lists_are_complete()
        while len(self._starts) <= len(self.commands):
            at = self._buffer.find(self._fence, self._scanned)
            if at < 0:
                self._scanned = max(self._scanned, len(self._buffer) - len(self._fence))
                return False
            if at < self._starts[-1] and self.pid is None:
                # The reply is a refusal, too, and alike: the fence comes behind it.
                self._scanned = at + len(self._fence) - 1
                continue
            self._starts.append(at + len(self._fence))
            self._scanned = self._starts[-1] - 1
        if self._starts[-1] != len(self._buffer):
            raise BadReply("sent more than it was asked for")
        return True

    def ends_alone(self) -> bool:
        """Whether this is one whole list of a silent server, behind which nothing comes.

        To be asked once it has been quiet for a while; its other answers are not known then.
        """
        if not self.silent or not re.fullmatch(_ONE_LIST, self._buffer):
            return False
        self._scanned, self._alone = len(self._buffer), True
        return True

    def more(self) -> bytes:
        """What is to be sent now that something has come in; mostly nothing."""
        more, self._more = self._more, b""
        return more

    def results(self) -> list[Any]:
        """The result of each command, in order; None for an optional one that was refused.

        Raises:
            BadReply: a reply is not what its command is answered by.
            RefusedReply: gearmand said ERR.
        """
        with without_collection():
            return self._parsed()

    def _parsed(self) -> list[Any]:
        found: list[Any] = []
        self.unanswered = [] if self.pid is not None else ["getpid"]
        for command, reply in zip(self.commands, list(self._replies())):
            try:
                found.append(command.parse(_NOT_ANSWERED if reply is None else reply))
            except RefusedReply as refusal:
                if not command.optional:
                    raise RefusedReply(f"refused `{command.text.decode()}`: {refusal}") from None
                self.unanswered.append(command.text.decode())
                found.append(None)
        return found

    def _replies(self) -> Iterator[bytes | None]:
        """The reply to each command; None where a silent server gives none."""
        whole = memoryview(self._buffer)
        if not self.silent:
            for start, stop in zip(self._starts, self._starts[1:]):
                yield bytes(whole[start : stop - len(self._fence) + 1])
            return
        text = bytes(whole[: self._scanned])
        lists = re.finditer(rb"(?s:\.\n|.*?\n\.\n)", text)
        for command in self.commands:
            found = next(lists, None) if command.text in _LISTS else None
            if found is None and command.text in _LISTS and not self._alone:
                raise BadReply(f"sent no list for `{command.text.decode()}`")
            yield found and found[0]
        if next(lists, None) is not None:
            raise BadReply("sent more lists than it was asked for")

    def _lists_are_complete(self) -> bool:
        tail = bytes(self._buffer[-_LONGEST_LAST:])
        match = re.search(rb"(?<=\.\n)ERR UNKNOWN_JOB\r?\n\Z", tail)
        if match is None:
            return False
        self._scanned = len(self._buffer) - len(match[0])  # where the lists end
        return True

    def _may_be_held(self) -> bool:
        size, words = len(self._buffer), self._buffer.count(b" ")
        copies = _COPIES if self._buffer.isascii() else _COPIES_NOT_ASCII
        # Not again before it has grown by an eighth, which keeps this linear.
        self._look_at = size + size // 8
        cost = _BYTES_PER_LINE * self._buffer.count(b"\n") + _BYTES_PER_WORD * words
        return copies * self._look_at + cost <= self._memory

    def _read_first_line(self) -> bool:
        """Learn from the first line what the fence is."""
        match = re.match(_PID, self._buffer)
        if match:
            self.pid = int(match[1])
        elif refusal := re.match(_REFUSAL, self._buffer):
            match = refusal
        elif re.match(_LIST_BEGINS, self._buffer) and b"status" in {
            command.text for command in self.commands
        }:
            self.silent, self._more, self._fence = True, _LAST_FENCE, _LAST_FENCE
            return True
        if match:
            self._fence = b"\n" + match[0]
            self._starts.append(match.end())
            self._scanned = match.end() - 1
            return True
        if b"\n" in self._buffer or re.match(_NO_LIST, self._buffer):
            raise BadReply(
                f"does not answer like gearmand: {excerpt(bytes(self._buffer))}; check the port"
            )
        if self._buffer.startswith(b"OK ") and len(self._buffer) > _LONGEST_FIRST_LINE:
            raise BadReply(f"answered {excerpt(bytes(self._buffer))} to `getpid`")
        return False
