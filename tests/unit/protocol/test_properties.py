"""Any records survive the way through gearmand's form; any bytes give a result or a known error."""

from __future__ import annotations

from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from gearmang.protocol import FunctionStatus, Peer, PriorityStatus, QueuedJob, replies
from gearmang.protocol.errors import BadReply
from gearmang.protocol.exchange import Command, Exchange
from tests.fuzz.harness import COMMANDS, take

PID = b"OK 4711\n"
# What gearmand takes for a name: any bytes but NUL. A digit after a tab could make one line two.
NAME = st.binary(max_size=40).map(lambda data: data.replace(b"\0", b"").replace(b"\t", b"t"))
TEXT = NAME.map(lambda data: data.decode("utf-8", "surrogateescape"))
COUNT = st.integers(0, 2**32 - 1)
WORD = NAME.map(lambda data: b"".join(data.split()).replace(b":", b"") or b"x").map(
    lambda data: data.decode("utf-8", "surrogateescape")
)


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def listed(records: list[FunctionStatus] | list[PriorityStatus] | list[QueuedJob]) -> bytes:
    """Records as gearmand lists them."""
    lines = [
        b"\t".join([as_bytes(name), *(b"%d" % number for number in numbers)]) + b"\n"
        for name, *numbers in records
    ]
    return b"".join(lines) + b".\n"


@given(st.lists(st.builds(FunctionStatus, TEXT, COUNT, COUNT, COUNT)))
def test_status_survives(records: list[FunctionStatus]) -> None:
    assert replies.status(listed(records)) == tuple(records)


@given(st.lists(st.builds(PriorityStatus, TEXT, COUNT, COUNT, COUNT, COUNT)))
def test_prioritystatus_survives(records: list[PriorityStatus]) -> None:
    assert replies.priority_status(listed(records)) == tuple(records)


@given(st.lists(st.builds(QueuedJob, TEXT, COUNT, st.booleans(), st.booleans())))
def test_jobs_survive(records: list[QueuedJob]) -> None:
    assert replies.jobs(listed(records)) == tuple(records)


@given(st.lists(st.builds(Peer, COUNT, WORD, WORD, st.lists(WORD, max_size=5).map(tuple))))
def test_workers_survive(records: list[Peer]) -> None:
    lines = [
        b"%d %s %s :%s\n"
        % (
            one.fd,
            as_bytes(one.host),
            as_bytes(one.client_id),
            b"".join(b" " + as_bytes(name) for name in one.functions),
        )
        for one in records
    ]
    assert replies.workers(b"".join(lines) + b".\n") == tuple(records)


@given(st.lists(st.builds(FunctionStatus, TEXT, COUNT, COUNT, COUNT)), st.data())
def test_no_part_of_a_reply_is_a_reply(records: list[FunctionStatus], data: st.DataObject) -> None:
    whole = PID + listed(records) + PID
    exchange = Exchange([Command(b"status", replies.status)])
    assert not exchange.feed(whole[: data.draw(st.integers(0, len(whole) - 1))])


@settings(max_examples=500)
@given(st.integers(0, len(COMMANDS) - 1), st.sampled_from([0, 0x80]), st.binary(max_size=300))
def test_any_bytes_give_a_result_or_a_known_error(number: int, raw: int, reply: bytes) -> None:
    take(bytes([(number + raw) % 256, 7]) + reply)


@settings(max_examples=500)
@given(
    st.lists(st.sampled_from([b"1 ", b"h ", b" :", b" ", b"a", b"b", b"\n", b":", b"x y"])),
    st.frozensets(st.sampled_from(["a", "b", "a b", "", ":", "x y", "\n"])),
)
def test_any_line_of_workers_gives_connections_or_a_known_error(
    pieces: list[bytes], known: frozenset[str]
) -> None:
    reply = b"".join(pieces) + b"\n.\n"
    parse = partial(replies.workers, known=known)
    try:
        found = parse(reply)
    except BadReply:
        return
    for one in found:
        assert known.issuperset(one.functions) or " ".join(one.functions).encode() in reply
