r"""Parse gearmand's admin replies: bytes in, records out, or one of two errors; nothing partial.

Each function takes one complete reply, its final newline included. A function's name and a
client's id may hold anything but NUL, newlines too (seen with gearmand 1.1.20), so lines are read
from the right, and a line that is not complete goes on in the next one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

from gearmang.protocol.entries import FunctionStatus, Peer, PriorityStatus, QueuedJob
from gearmang.protocol.errors import BadReply, RefusedReply
from gearmang.terminal import clean

LONGEST_NUMBER = 19  # digits; gearmand's counters have 10 at most
LONGEST_NAME = 4096  # characters; gearmand 1.1.20 cuts names at 511 bytes
LONGEST_EXCERPT = 60  # characters of a bad reply that an error shows

# Patterns are text: `re` compiles each at its first use, which a short-lived check may never reach.
_VERSION = r"(?:OK |v)(\S{1,80})\r?\n"  # Perl's Gearman::Server says v1.130.1
_WORD = r"OK ([A-Z]{1,20})\r?\n"
_MOST_WORDS = 10  # of a function's name; one with more is told apart no better than word by word
_NEITHER_TAB_NOR_END = bytes(byte for byte in range(256) if byte not in b"\t\n")
_CONNECTION_START = r"[0-9]{1,10} \S+ "


def excerpt(data: bytes) -> str:
    """The beginning of a bad reply, fit for an error's sentence."""
    return _excerpt_of(data[: LONGEST_EXCERPT + 1].decode("utf-8", "surrogateescape"))


def _excerpt_of(text: str) -> str:
    return f"'{clean(text[:LONGEST_EXCERPT])}{'…' if len(text) > LONGEST_EXCERPT else ''}'"


def status(reply: bytes) -> tuple[FunctionStatus, ...]:
    """``status``: one record a function."""
    # tuple.__new__ is what FunctionStatus() calls, too, without the keyword arguments.
    return tuple(map(tuple.__new__, repeat(FunctionStatus), _table(reply, 4, "status")))


def priority_status(reply: bytes) -> tuple[PriorityStatus, ...]:
    """``prioritystatus``: one record a function."""
    return tuple(map(PriorityStatus._make, _table(reply, 5, "prioritystatus")))


def jobs(reply: bytes) -> tuple[QueuedJob, ...]:
    """``show jobs``: one record a job."""
    return tuple(
        [
            QueuedJob(handle, retries, bool(ghost), bool(background))
            for handle, retries, ghost, background in _table(reply, 4, "show jobs")
        ]
    )


def unique_jobs(reply: bytes) -> tuple[str, ...]:
    """``show unique jobs``: the unique key of each job."""
    return tuple(_lines(reply))


def workers(reply: bytes, known: Collection[str] | None = None) -> tuple[Peer, ...]:
    """``workers``: one record a connection.

    Args:
        reply: the complete reply.
        known: the functions that ``status`` lists. A connection's functions are told apart by
            spaces, and names may hold spaces: only with this argument are those read right.
    """
    names_of = None if known is None else frozenset(known)
    lines = _lines(reply)
    try:
        return tuple([_connection(line, names_of) for line in lines])
    except BadReply:  # rare: a newline in an id or in a name, or a reply that is broken
        return tuple([_connection(line, names_of) for line in _joined(lines)])


def version(reply: bytes) -> str:
    """``version``: the version alone."""
    return _only(_VERSION, reply, "version")


def verbosity(reply: bytes) -> str:
    """``verbose``: the log level, ``ERROR`` or ``NOTICE`` for two."""
    return _only(_WORD, reply, "verbose")


def done(reply: bytes) -> None:
    """``OK`` and nothing else."""
    _refuse_errors(reply)
    if reply not in (b"OK\r\n", b"OK\n"):
        raise BadReply(f"answered {excerpt(reply)} instead of OK")


class _Numbers(dict[str, int]):
    """Digits → number, strictly; each text is looked at once, the same numbers come often."""

    def __missing__(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
            raise ValueError(text)
        number = self[text] = int(text)
        return number


def _body(reply: bytes) -> bytes:
    """A list without the dot that ends it."""
    if reply == b".\n":
        return b""
    if not reply.endswith(b"\n.\n"):
        _refuse_errors(reply)
        raise BadReply(f"sent a list without its end, {excerpt(reply)}")
    return reply[:-2]


def _lines(reply: bytes) -> list[str]:
    return _body(reply).decode("utf-8", "surrogateescape").split("\n")[:-1]


def _table(reply: bytes, columns: int, command: str) -> Iterable[Sequence[Any]]:
    """Each line as a name and numbers, which stand between tabs.

    Ten thousand functions every few seconds: this is the loop that polling costs. All cells are
    split at once, and every fourth is a name. That is right only if each line has the same number
    of tabs, which one comparison shows; where it has not, lines are read one by one.
    """
    body = _body(reply)
    shape = body.translate(None, _NEITHER_TAB_NOR_END)
    if shape == (b"\t" * (columns - 1) + b"\n") * (len(shape) // columns):
        cells = body.decode("utf-8", "surrogateescape").replace("\n", "\t").split("\t")
        cells.pop()  # behind the last line's end
        number = _Numbers().__getitem__
        try:
            numbers = [list(map(number, cells[n::columns])) for n in range(1, columns)]
            return zip(cells[::columns], *numbers)
        except ValueError:
            pass
    return _rows(_lines(reply), columns - 1, command)


def _rows(lines: list[str], count: int, command: str) -> Iterator[list[Any]]:
    """Each line, or what a newline in a name has torn, as a name and ``count`` numbers."""
    numbers, kept = _Numbers(), ""
    for line in lines:
        text = kept + line
        name, *digits = text.rsplit("\t", count)
        try:
            if len(digits) == count:
                yield [name, *map(numbers.__getitem__, digits)]
                kept = ""
                continue
        except ValueError:
            pass
        kept = text + "\n"
        if len(kept) > LONGEST_NAME:
            break
    if kept:
        raise BadReply(f"sent {_excerpt_of(kept)} in `{command}`")


def _connection(line: str, known: frozenset[str] | None) -> Peer:
    """A line of ``workers``; `BadReply` if it is not complete."""
    fd, _, rest = line.partition(" ")
    host, _, rest = rest.partition(" ")
    client_id, colon, served = rest.partition(" :")
    if not (colon and host and fd.isascii() and fd.isdigit() and len(fd) <= LONGEST_NUMBER):
        raise BadReply(f"sent {_excerpt_of(line)} in `workers`")
    names = served.split(" ")
    if served == " " and known is not None and "" not in known:
        names = []  # Perl's Gearman::Server writes a space even before nothing
    elif names[0] or (known is not None and not known.issuperset(names[1:])):
        client_id, names = _split_odd(rest, known or frozenset())
    return Peer(int(fd), host, client_id, tuple(names[1:]))


def _joined(lines: list[str]) -> Iterator[str]:
    """The lines of ``workers``, whole again where a newline in an id or a name has torn them."""
    kept: list[str] = []
    complete = False
    for line in lines:
        if complete and re.match(_CONNECTION_START, line):
            yield "\n".join(kept)
            kept, complete = [], False
        kept.append(line)
        complete = complete or " :" in line
    if kept:
        yield "\n".join(kept)


def _split_odd(rest: str, known: frozenset[str]) -> tuple[str, list[str]]:
    """For ids with colons and names with spaces: the first split that leaves only known names."""
    words = rest.split(" ")
    colons = [at for at, word in enumerate(words) if word == ":" and at]
    if not colons:
        raise BadReply(f"sent {_excerpt_of(rest)} in `workers`")
    next_name = _known_names(words, known)
    for colon in colons:
        if colon + 1 in next_name:
            names, at = [""], colon + 1
            while at < len(words):
                names.append(" ".join(words[at : next_name[at]]))
                at = next_name[at]
            return " ".join(words[:colon]), names
    # A function can vanish or come between `status` and `workers`.
    return " ".join(words[: colons[0]]), ["", *words[colons[0] + 1 :]]


def _known_names(words: list[str], known: frozenset[str]) -> dict[int, int]:
    """Where a known name starts → where it ends, if all words behind it are known names, too."""
    next_name = {len(words): len(words)}
    for start in range(len(words) - 1, 0, -1):
        for stop in range(min(start + _MOST_WORDS, len(words)), start, -1):
            if stop in next_name and " ".join(words[start:stop]) in known:
                next_name[start] = stop
                break
    return next_name


def _only(pattern: str, reply: bytes, command: str) -> str:
    _refuse_errors(reply)
    match = re.fullmatch(pattern, reply.decode("utf-8", "surrogateescape"))
    if match is None:
        raise BadReply(f"answered {excerpt(reply)} to `{command}`")
    return match[1]


def unparsed(reply: bytes) -> bytes:
    """A reply as it came, to be parsed later.

    Raises:
        RefusedReply: it is an error.
    """
    _refuse_errors(reply)
    return reply


def _refuse_errors(reply: bytes) -> None:
    if reply.startswith(b"ERR ") and reply.find(b"\n") == len(reply) - 1:
        text = clean(reply[4:].decode("utf-8", "surrogateescape").strip())
        raise RefusedReply(text.replace("+", " ")[:200])
