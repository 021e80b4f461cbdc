"""gearmand's replies, parsed: the traps of its protocol one by one."""

import pytest

from gearmang.protocol import FunctionStatus, Peer, PriorityStatus, QueuedJob, replies
from gearmang.protocol.errors import BadReply, RefusedReply
from tests.unit.protocol.replies_of_gearmand import JOBS, NAMES, STATUS, WORKERS

LISTS = [replies.status, replies.priority_status, replies.jobs, replies.workers]


def test_status_gives_a_record_for_each_function() -> None:
    assert replies.status(b"resize\t7\t2\t3\nmail\t0\t0\t0\n.\n") == (
        FunctionStatus("resize", 7, 2, 3),
        FunctionStatus("mail", 0, 0, 0),
    )


def test_waiting_is_what_does_not_run() -> None:
    assert FunctionStatus("resize", 7, 2, 3).waiting == 5


def test_status_without_functions_is_empty() -> None:
    assert replies.status(b".\n") == ()


def test_status_keeps_names_of_any_bytes() -> None:
    assert tuple(function.name for function in replies.status(STATUS)) == NAMES


def test_a_name_that_is_no_utf8_can_be_turned_back_into_its_bytes() -> None:
    name = replies.status(b"\xff\xfe\t0\t0\t1\n.\n")[0].name
    assert name.encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_a_name_with_tabs_beside_one_with_a_newline_is_not_misread() -> None:
    # Together they have as many cells as two plain lines.
    assert replies.status(b"a\t1\t2\t3\t4\nb\nc\t5\t6\t7\n.\n") == (
        FunctionStatus("a\t1", 2, 3, 4),
        FunctionStatus("b\nc", 5, 6, 7),
    )


def test_a_function_named_dot_does_not_end_the_list() -> None:
    assert [one.name for one in replies.status(b".\t0\t0\t1\nf\t0\t0\t1\n.\n")] == [".", "f"]


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\n",
        b".",
        b"resize\t1\t0\t0\n",
        b"resize\t1\t0\t0",
        b"resize\t1\t0\n.\n",
        b"resize\t1\t0\tx\n.\n",
        b"resize\t1\t0\t-1\n.\n",
        b"resize\t1\t0\t+1\n.\n",
        b"resize\t1\t0\t1_0\n.\n",
        b"resize\t1\t0\t 1\n.\n",
        b"resize\t1\t0\t\n.\n",
        b"resize\t1\t0\t1\r\n.\r\n",
        "resize\t1\t0\t٣\n.\n".encode(),
        b"resize\t1\t0\t" + b"9" * 20 + b"\n.\n",
        b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",
        b"resize\t1\t0\t1\nhalf\n.\n",
    ],
)
def test_a_reply_that_is_not_whole_and_right_is_an_error(reply: bytes) -> None:
    with pytest.raises(BadReply):
        replies.status(reply)


@pytest.mark.parametrize("parse", LISTS)
def test_err_is_a_refusal(parse: object) -> None:
    with pytest.raises(RefusedReply, match=r"UNKNOWN_COMMAND Unknown server command"):
        parse(b"ERR UNKNOWN_COMMAND Unknown+server+command\r\n")  # type: ignore[operator]


def test_a_function_named_like_an_error_is_a_function() -> None:
    assert replies.status(b"ERR x\t0\t0\t1\n.\n") == (FunctionStatus("ERR x", 0, 0, 1),)


def test_prioritystatus_gives_high_normal_low_and_workers() -> None:
    assert replies.priority_status(b"f 1\t1\t2\t3\t4\n.\n") == (PriorityStatus("f 1", 1, 2, 3, 4),)


def test_show_jobs_tells_retries_ghosts_and_background() -> None:
    assert replies.jobs(JOBS) == (
        QueuedJob("H:vm:1", retries=0, ghost=True, background=False),
        QueuedJob("H:vm:5", retries=2, ghost=False, background=True),
    )


def test_show_unique_jobs_gives_the_keys() -> None:
    assert replies.unique_jobs(b"u1\n\na b\n.\n") == ("u1", "", "a b")


def test_workers_gives_a_record_for_each_connection() -> None:
    reply = b"30 ::1 resize@host:7+1700000000 : resize\n31 127.0.0.1 - :\n.\n"
    assert replies.workers(reply) == (
        Peer(30, "::1", "resize@host:7+1700000000", ("resize",)),
        Peer(31, "127.0.0.1", "-", ()),
    )


def test_workers_matches_odd_names_against_those_of_status() -> None:
    found = {one.fd: one[2:] for one in replies.workers(WORKERS, NAMES)}
    assert found == {
        39: ("", ("ret\r", "f", "\udcff\udcfe")),
        43: ("-", ()),
        40: ("-", ("f 1", "f 1")),
        36: ("a\nb", ("new\nline",)),
        41: ("a\n.\nb", ("q\n.\nr",)),
        37: (".", (":", "", ".")),
        42: ("idle", ()),
        38: ("x : y", ("t\tab", "f 1")),
    }


def test_an_id_that_holds_a_known_name_does_not_end_early() -> None:
    reply = b"30 h x : a b zz : c\n.\n"
    (found,) = replies.workers(reply, {"a b", "c"})
    assert (found.client_id, found.functions) == ("x : a b zz", ("c",))


def test_workers_reads_functions_that_status_did_not_have_yet_word_by_word() -> None:
    reply = b"30 h - : new f\n.\n"
    assert replies.workers(reply, {"f"})[0].functions == ("new", "f")


@pytest.mark.parametrize(
    "reply",
    [b"", b"30 h\n.\n", b"x h - :\n.\n", b"30 h - :", b"30 h -\n.\n", b"-1 h - :\n.\n", b"\n.\n"],
)
def test_workers_refuses_lines_of_another_form(reply: bytes) -> None:
    with pytest.raises(BadReply):
        replies.workers(reply)


def test_version_and_verbosity_are_single_words() -> None:
    assert replies.version(b"OK 1.1.20+ds\n") == "1.1.20+ds"
    assert replies.verbosity(b"OK ERROR\n") == "ERROR"


@pytest.mark.parametrize("reply", [b"", b"OK\n", b"1.1.20\n", b"OK 1 2\n", b"OK 1.1.20", b".\n"])
def test_another_answer_to_version_is_an_error(reply: bytes) -> None:
    with pytest.raises(BadReply):
        replies.version(reply)


def test_done_takes_ok_alone() -> None:
    replies.done(b"OK\r\n")
    with pytest.raises(BadReply):
        replies.done(b"OK maybe\r\n")
    with pytest.raises(RefusedReply, match="UNKNOWN_JOB"):
        replies.done(b"ERR UNKNOWN_JOB\r\n")


def test_an_excerpt_shows_no_control_character() -> None:
    assert replies.excerpt(b"\x1b[31m\xff") == r"'\x1b[31m\xff'"
