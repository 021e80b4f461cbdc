"""gearmand is killed, frozen and restarted while it is polled without a pause."""

import threading
import time
from pathlib import Path

from gearmang.protocol import AdminError
from gearmang.protocol.server import Server
from gearmang.watch.poll import Snapshot, poll
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.daemons.registrations import Registrations

TIMEOUT = 0.3  # seconds
KILLS = 8
FUNCTIONS = 3_000  # so many that a kill comes upon half-sent replies


class Poller:
    """Polls one server in a thread and keeps what it got."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.answers: list[Snapshot | AdminError] = []
        self.longest = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._ended.is_set():
            begun = time.monotonic()
            self.answers += poll([self.server], timeout=TIMEOUT, jobs=True)
            self.longest = max(self.longest, time.monotonic() - begun)

    def await_answer(self, kind: type[object]) -> None:
        """Return once a poll that begins from now on gave an answer of that kind."""
        seen = len(self.answers) + 1
        await_that(
            lambda: any(isinstance(answer, kind) for answer in self.answers[seen:]),
            f"an answer is {kind.__name__}",
        )

    def __enter__(self) -> "Poller":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(10)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_every_poll_of_a_server_that_dies_and_freezes_gives_all_of_it_or_a_known_error(
    gearmand: Gearmand,
) -> None:
    names = [b"function-%04d" % number for number in range(FUNCTIONS)]
    before = open_descriptors()
    snapshots: list[Snapshot] = []  # of times when all functions were registered
    with Poller(Server("127.0.0.1", gearmand.port)) as poller:
        for number in range(KILLS):
            with Registrations(gearmand) as made:
                made.worker(names)
                registered = len(poller.answers) + 1
                poller.await_answer(Snapshot)
                if number % 2:
                    gearmand.pause()
                    poller.await_answer(AdminError)
                    gearmand.resume()
                    poller.await_answer(Snapshot)
                gearmand.kill()
                poller.await_answer(AdminError)
            snapshots += [one for one in poller.answers[registered:] if isinstance(one, Snapshot)]
            gearmand.start()
    assert {len(snapshot.functions) for snapshot in snapshots} == {FUNCTIONS}
    assert len({snapshot.pid for snapshot in snapshots}) == KILLS
    assert poller.longest < TIMEOUT + 0.5
    assert open_descriptors() == before
