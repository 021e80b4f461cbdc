"""Requests out, bytes in: where a reply ends, and what must not come."""

import tracemalloc

import pytest

from gearmang.protocol import replies
from gearmang.protocol.errors import BadReply, RefusedReply
from gearmang.protocol.exchange import DEFAULT_MEMORY, Command, Exchange
from tests.unit.protocol.replies_of_gearmand import NAMES, STATUS

PID = b"OK 4711\n"
VERSION = Command(b"version", replies.version)
STATUS_COMMAND = Command(b"status", replies.status)


def test_every_command_is_fenced_by_getpid_and_ends_with_crlf() -> None:
    assert Exchange([VERSION]).request == b"getpid\r\nversion\r\ngetpid\r\n"


def test_without_commands_the_pid_is_read() -> None:
    exchange = Exchange([])
    assert exchange.feed(PID)
    assert exchange.pid == 4711


def test_replies_are_found_however_they_are_cut() -> None:
    data = PID + b"OK 1.1.20\n" + PID + STATUS + PID
    for size in (1, 2, 3, 7, 64, len(data)):
        exchange = Exchange([VERSION, STATUS_COMMAND])
        ends = [exchange.feed(data[at : at + size]) for at in range(0, len(data), size)]
        version, functions = exchange.results()
        assert ends == [False] * (len(ends) - 1) + [True]
        assert version == "1.1.20"
        assert tuple(one.name for one in functions) == NAMES


def test_a_name_that_holds_the_end_of_the_list_does_not_end_it() -> None:
    exchange = Exchange([STATUS_COMMAND])
    assert exchange.feed(PID + b"a\n.\nb\t0\t0\t1\n.\n" + PID)
    assert exchange.results()[0][0].name == "a\n.\nb"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02",
        b"\0RES\0\0\0\x13",
        b"OK x\n",
        b"OK 12345678901\n",
        b"OK " + b"1" * 20,
        b"OK 4711\r\n",
        b"\n",
        b"a\t1\t1\n",
        b"H" * 1000,
    ],
)
def test_a_service_that_is_not_gearmand_is_found_out_by_its_first_line(data: bytes) -> None:
    with pytest.raises(BadReply):
        Exchange([VERSION]).feed(data)


def test_more_than_was_asked_for_is_an_error() -> None:
    with pytest.raises(BadReply, match="more than it was asked for"):
        Exchange([]).feed(PID + b"OK\n")


def test_a_missing_reply_is_an_error() -> None:
    exchange = Exchange([VERSION])
    assert exchange.feed(PID + PID)
    with pytest.raises(BadReply):
        exchange.results()


def test_a_refusal_names_the_command() -> None:
    exchange = Exchange([VERSION])
    exchange.feed(PID + b"ERR NO\r\n" + PID)
    with pytest.raises(RefusedReply, match=r"refused `version`: NO"):
        exchange.results()


def test_an_optional_command_may_be_refused() -> None:
    exchange = Exchange([Command(b"prioritystatus", replies.priority_status, optional=True)])
    exchange.feed(PID + b"ERR UNKNOWN_COMMAND x\r\n" + PID)
    assert exchange.results() == [None]


@pytest.mark.parametrize(
    "line",
    [
        b"\t0\t0\t0\n",
        b"ab\t1\t2\t3\n",
        b"a" * 60 + b"\t1234567\t1234567\t1234567\n",
        ("\N{PILE OF POO}" * 50).encode() + b"\t1\t2\t3\n",
        b"\xff" * 60 + b"\t1\t2\t3\n",
        b"a\tb\t1\t2\t3\n",
        b"\n",
        b"a" * 1000,
    ],
)
def test_no_reply_takes_more_memory_than_the_bound(line: bytes) -> None:
    memory = DEFAULT_MEMORY // 8
    lines = _most_lines(line, memory)
    data = PID + line * lines + b".\n" + PID
    tracemalloc.start()
    try:
        exchange = Exchange([STATUS_COMMAND], memory)
        assert exchange.feed(data)
        try:
            exchange.results()
        except BadReply:
            pass  # not each of these is a good list; each must be cheap
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert lines * len(line) > 50_000
    assert peak < memory


def _most_lines(line: bytes, memory: int) -> int:
    """How many of these lines an exchange takes."""
    exchange, lines = Exchange([STATUS_COMMAND], memory), 0
    step = 20_000 // len(line)
    exchange.feed(PID)
    try:
        while True:
            exchange.feed(line * step)
            lines += step
    except BadReply:
        # It looks again after an eighth of growth only: how data are cut shifts the limit so much.
        return (lines - step) * 8 // 10


WORKERS = Command(b"workers", replies.unparsed, optional=True)
OPTIONAL = Command(b"prioritystatus", replies.priority_status, optional=True)
REFUSAL = b"ERR unknown_command \r\n"  # Perl's Gearman::Server 1.130
LIST = b"resize\t3\t1\t1\n.\n"


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_server_that_refuses_getpid_is_fenced_by_its_refusal(size: int) -> None:
    exchange = Exchange([VERSION, OPTIONAL, STATUS_COMMAND])
    data = REFUSAL + b"v1.130.1\n" + REFUSAL + REFUSAL + REFUSAL + LIST + REFUSAL
    ends = [exchange.feed(data[at : at + size]) for at in range(0, len(data), size)]
    version, priorities, functions = exchange.results()
    assert ends == [False] * (len(ends) - 1) + [True]
    assert (exchange.pid, version, priorities) == (None, "1.130.1", None)
    assert functions == (("resize", 3, 1, 1),)
    assert exchange.unanswered == ["getpid", "prioritystatus"]


def test_half_a_list_of_a_server_that_refuses_getpid_is_none() -> None:
    exchange = Exchange([STATUS_COMMAND])
    assert not exchange.feed(REFUSAL + LIST)
    assert exchange.feed(REFUSAL)
    half = Exchange([STATUS_COMMAND])
    assert half.feed(REFUSAL + b"resize\t3\t1\t1\n" + REFUSAL)
    with pytest.raises(BadReply, match="without its end"):
        half.results()


def test_a_server_that_refuses_everything_is_refused() -> None:
    exchange = Exchange([STATUS_COMMAND])
    assert exchange.feed(REFUSAL * 3)
    with pytest.raises(RefusedReply):
        exchange.results()


def test_a_silent_server_is_asked_for_one_more_refusal_that_fences_its_lists() -> None:
    version = Command(b"version", replies.version, optional=True)
    exchange = Exchange([version, STATUS_COMMAND, WORKERS])
    assert not exchange.feed(LIST)
    assert exchange.more() == b"cancel job H:-:0\r\n"
    assert exchange.more() == b""
    assert not exchange.feed(b"9 h - : \n.\n")
    assert exchange.feed(b"ERR UNKNOWN_JOB\n")
    assert exchange.results() == [None, (("resize", 3, 1, 1),), b"9 h - : \n.\n"]
    assert exchange.unanswered == ["getpid", "version"]


def test_a_silent_server_without_functions_is_read_too() -> None:
    exchange = Exchange([STATUS_COMMAND, WORKERS])
    assert exchange.feed(b".\n.\nERR UNKNOWN_JOB\n")
    assert exchange.results() == [(), b".\n"]


@pytest.mark.parametrize("lists", [LIST, LIST * 3])
def test_another_number_of_lists_than_asked_for_is_an_error(lists: bytes) -> None:
    exchange = Exchange([STATUS_COMMAND, WORKERS])
    assert exchange.feed(lists + b"ERR UNKNOWN_JOB\n")
    with pytest.raises(BadReply):
        exchange.results()


def test_a_server_that_knows_status_alone_is_read_to_its_lists_end() -> None:
    version = Command(b"version", replies.version, optional=True)
    exchange = Exchange([version, STATUS_COMMAND, WORKERS])
    assert not exchange.feed(LIST[:-2])
    assert not exchange.ends_alone(), "the list is not whole"
    assert not exchange.feed(LIST[-2:])
    assert exchange.ends_alone()
    assert exchange.results() == [None, (("resize", 3, 1, 1),), None]
    assert exchange.unanswered == ["getpid", "version", "workers"]


@pytest.mark.parametrize("said", [PID + LIST, LIST + b"9 h - : \n.\n", REFUSAL, LIST + b"more"])
def test_nobody_else_may_end_so(said: bytes) -> None:
    exchange = Exchange([STATUS_COMMAND, WORKERS])
    exchange.feed(said)
    assert not exchange.ends_alone()


def test_a_silent_server_is_no_answer_to_a_command_that_it_must_answer() -> None:
    exchange = Exchange([VERSION, STATUS_COMMAND])
    assert exchange.feed(LIST + b"ERR UNKNOWN_JOB\n")
    with pytest.raises(RefusedReply, match="not answered"):
        exchange.results()
