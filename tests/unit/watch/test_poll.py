"""Many servers at once: an error costs only the server that made it."""

import resource
import time
from contextlib import ExitStack

import pytest

from gearmang.protocol import AdminClient, ProtocolError, TimedOut, Unreachable
from gearmang.protocol.server import Server
from gearmang.watch.poll import Snapshot, poll
from tests.daemons.liars import Liar, Manner, drips, floods, says
from tests.daemons.process import free_port

PID = b"OK 7\n"
SNAPSHOT = PID + b"OK 1.1.20\n" + PID + b"resize\t3\t1\t1\n.\n" + PID + b"9 h - :\n.\n" + PID
MANNERS = [says(SNAPSHOT), says(b"no"), drips(b"OK 7\nx"), floods(b"x\n"), says(SNAPSHOT)]


def server(liar: Liar) -> Server:
    return Server("127.0.0.1", liar.port)


def ask(manner: Manner, *, priorities: bool = False, jobs: bool = False) -> Snapshot:
    with Liar(manner) as liar:
        answer = poll([server(liar)], timeout=5, priorities=priorities, jobs=jobs)[0]
    assert isinstance(answer, Snapshot)
    return answer


def test_answers_come_in_the_order_of_the_targets_within_the_deadline() -> None:
    with ExitStack() as stack:
        liars = [stack.enter_context(Liar(manner)) for manner in MANNERS]
        targets = [*map(server, liars), Server("127.0.0.1", free_port())]
        begun = time.monotonic()
        answers = poll(targets, timeout=0.5)
        assert time.monotonic() - begun < 1.0
        kinds = [
            Snapshot,
            ProtocolError,
            TimedOut,
            (ProtocolError, TimedOut),
            Snapshot,
            Unreachable,
        ]
        for target, answer, kind in zip(targets, answers, kinds):
            assert isinstance(answer, kind)  # type: ignore[arg-type]  # a list of kinds and a tuple
            assert str(answer.server) == str(target)


def test_without_descriptors_every_server_is_an_error() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        answers = poll([Server("127.0.0.1", 1), Server("localhost", 1)], timeout=1)
        with AdminClient("127.0.0.1", 1) as admin, pytest.raises(Unreachable, match="Too many"):
            admin.version()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [type(answer) for answer in answers] == [Unreachable, Unreachable]


def test_no_targets_give_no_answers() -> None:
    assert poll([], timeout=1) == []


def test_one_server_may_be_asked_twice() -> None:
    with Liar(says(SNAPSHOT)) as liar:
        answers = poll([server(liar)] * 2, timeout=5)
    assert all(isinstance(answer, Snapshot) for answer in answers)


def test_a_snapshot_holds_what_the_server_said() -> None:
    found = ask(says(SNAPSHOT))
    assert (found.version, found.pid) == ("1.1.20", 7)
    assert found.functions == (("resize", 3, 1, 1),)
    assert found.connections == ((9, "h", "-", ()),)
    assert (found.priorities, found.jobs, found.verbosity) == (None, None, None)
    assert 0 < found.reply_seconds < 5


def test_priorities_of_a_gearmand_that_counts_wrong_are_not_known() -> None:
    for version, known in ((b"1.1.19.1+ds", False), (b"1.1.15", False), (b"1.1.20+ds", True)):
        reply = SNAPSHOT.replace(b"1.1.20", version) + b"resize\t0\t2\t0\t1\n.\n" + PID
        assert (ask(says(reply), priorities=True).priorities is not None) is known


def test_priorities_of_a_gearmand_without_them_are_not_known() -> None:
    reply = SNAPSHOT + b"ERR UNKNOWN_COMMAND x\r\n" + PID
    assert ask(says(reply), priorities=True).priorities is None
