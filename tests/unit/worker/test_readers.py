"""Whether a retry may travel in an envelope: only where all workers of its function read it."""

from collections.abc import Iterable

import pytest

from gearmang.protocol.entries import Peer
from gearmang.protocol.errors import TimedOut
from gearmang.protocol.steps import Steps
from gearmang.worker.loop import Loop
from gearmang.worker.readers import FRESH, Readers, all_are_ours
from tests.unit.worker.parts import FUNCTION, SERVER, FakeClock


def peer(client_id: str, *functions: str) -> Peer:
    return Peer(7, "127.0.0.1", client_id, functions)


OURS = peer("resize@h:1+2", FUNCTION)
SLOT = peer("resize@h:1#3+2~1764000000", FUNCTION)
PHP = peer("-", FUNCTION)


@pytest.mark.parametrize(
    ("peers", "known"),
    [
        ([OURS, SLOT], True),
        ([OURS, peer("-", "mail"), peer("-")], True),
        ([OURS, PHP], False),
        ([OURS, peer("resize", FUNCTION, "mail")], False),
        ([], False),
        ([peer("resize@h:1+2", "mail")], False),
    ],
)
def test_every_worker_of_the_function_must_be_ours(peers: list[Peer], known: bool) -> None:
    assert all_are_ours(peers, FUNCTION) == known


class Looking(Readers):
    """Looks at what the test says, without a server."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(SERVER, FUNCTION, Loop(), clock)
        self.peers: Iterable[Peer] | None = [OURS]
        self.looks = 0

    def _steps(self, deadline: float) -> Steps[Iterable[Peer]]:
        self.looks += 1
        if self.peers is None:
            raise TimedOut(SERVER, "gave no complete answer in time")
        return self.peers
        yield  # pragma: no cover  # what makes it steps


def test_many_retries_cost_one_look_a_second() -> None:
    clock = FakeClock()
    readers, told = Looking(clock), list[bool]()
    for _ in range(5):
        readers.ask(told.append)
    assert (told, readers.looks) == ([True] * 5, 1)

    clock.go(FRESH + 0.1)
    readers.peers = [OURS, PHP]
    readers.ask(told.append)

    assert (told[-1], readers.looks) == (False, 2)


def test_a_server_that_does_not_tell_is_not_known_to_have_readers_only() -> None:
    readers, told = Looking(FakeClock()), list[bool]()
    readers.peers = None
    readers.ask(told.append)

    assert told == [False]
    assert readers.next_tick() == float("inf")
    assert readers.descriptors() == ()
