"""Whether a retry's history may travel with it."""

from gearmang.protocol.entries import Peer
from gearmang.protocol.server import Server
from gearmang.worker.readers import FRESH, REMEMBERED, Readers
from tests.unit.worker.parts import FakeClock

OURS = Peer(1, "127.0.0.1", "resize@web1:4711+1764050000", ("resize",))
OTHER = Peer(2, "127.0.0.1", "-", ("resize",))


def test_a_worker_of_another_make_is_reckoned_with_while_it_is_away() -> None:
    clock = FakeClock()
    readers = Readers(Server("gm1", 4730), "resize", None, clock)  # type: ignore[arg-type]  # unused
    told: list[bool] = []

    for peers, later in (((OURS,), 0.0), ((OURS, OTHER), 2.0), ((OURS,), 4.0)):
        clock.go(later)
        readers._looked(peers)
        readers.ask(told.append)
    clock.go(REMEMBERED + FRESH)
    readers._looked((OURS,))
    readers.ask(told.append)

    assert told == [True, False, False, True]
