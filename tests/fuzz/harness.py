"""One fuzzed reply: whatever the bytes are, a result or one of the two foreseen errors."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from gearmang.protocol import replies
from gearmang.protocol.errors import BadReply, RefusedReply
from gearmang.protocol.exchange import Command, Exchange

COMMANDS = (
    Command(b"version", replies.version),
    Command(b"status", replies.status),
    Command(b"workers", replies.workers),
    Command(b"workers", partial(replies.workers, known=frozenset({"a", "a b", ":", "", "ab"}))),
    Command(b"prioritystatus", replies.priority_status, optional=True),
    Command(b"show jobs", replies.jobs),
    Command(b"show unique jobs", replies.unique_jobs),
    Command(b"verbose", replies.verbosity),
    Command(b"cancel job x", replies.done),
)
MEMORY = 1 << 20  # bytes
_PID = b"OK 4711\n"
_ROW = re.compile(rb"(.*?)\t(\d{1,19})\t(\d{1,19})\t(\d{1,19})\n", re.DOTALL)

# What gearmand says, and what is near to it, to begin with.
SEEDS = (
    b"a\t1\t0\t2\n.\n",
    b"a b\t1\t0\t2\n.\t0\t0\t0\n\t3\t4\t5\na\nb\t1\t1\t1\n.\n",
    b"30 127.0.0.1 a@h:1+1700000000 : a b\n31 ::1 - :\n.\n",
    b"30 h x : y : a b\n31 h  :  :\n32 h a\nb : a\n.\n",
    b"a\t1\t2\t3\t4\n.\n",
    b"H:vm:1\t0\t1\t0\nH:vm:2\t5\t0\t1\n.\n",
    b"key\n\n.\n",
    b".\n",
    b"OK 1.1.20+ds\n",
    b"OK ERROR\n",
    b"OK\r\n",
    b"ERR UNKNOWN_COMMAND Unknown+server+command\r\n",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
)


def take(data: bytes) -> str:
    """Feed one fuzzed reply; what became of it: ``result``, ``refused``, ``bad`` or ``more``.

    The first byte chooses the command and whether the reply stands between right fences; the
    second how it is cut.

    Raises:
        AssertionError: a reply that was taken lost something, or was read differently when cut.
        Exception: anything else that came out is a bug.
    """
    if len(data) < 2:
        return "more"
    choice, cut, reply = data[0], data[1], data[2:]
    command = COMMANDS[choice % len(COMMANDS)]
    sent = reply if choice & 0x80 else _PID + reply + _PID
    whole = _outcome(command, [sent])
    if 0 < cut < len(sent):
        pieces = [sent[at : at + cut] for at in range(0, len(sent), cut)]
        assert _outcome(command, pieces) == whole, "cutting changed it"
    fenced = not choice & 0x80 and b"\n" + _PID not in b"\n" + reply
    if command.text == b"status" and fenced:
        assert _rows(whole) == _expected(reply), "another parser reads it differently"
    return whole[0]


def _rows(outcome: tuple[str, list[Any]]) -> list[tuple[Any, ...]] | None:
    return list(map(tuple, outcome[1][0])) if outcome[0] == "result" else None


def _expected(reply: bytes) -> list[tuple[Any, ...]] | None:
    """What a slow and plain parser makes of ``status``; None for a reply that is not right."""
    if not (b"\n" + reply).endswith(b"\n.\n"):
        return None
    body = reply[:-2]
    found = list(_ROW.finditer(body))
    if b"".join(match[0] for match in found) != body:
        return None
    return [
        (match[1].decode("utf-8", "surrogateescape"), int(match[2]), int(match[3]), int(match[4]))
        for match in found
    ]


def _outcome(command: Command, pieces: list[bytes]) -> tuple[str, list[Any]]:
    exchange = Exchange([command], MEMORY)
    try:
        for number, piece in enumerate(pieces, 1):
            if exchange.feed(piece) and number == len(pieces):
                return "result", exchange.results()
    except RefusedReply:
        return "refused", []
    except BadReply:
        return "bad", []
    return "more", []
