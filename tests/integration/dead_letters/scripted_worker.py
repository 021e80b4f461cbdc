"""A worker whose jobs end as the test decides: done, or dead after all attempts."""

import dataclasses
import threading
import time
from collections.abc import Callable

from gearmang.job.client import Client
from gearmang.job.envelope import Envelope
from gearmang.job.submission import Packed
from gearmang.protocol import wire
from gearmang.protocol.connection import Connection
from gearmang.protocol.server import Server
from tests.integration.dead_letters.letters import dossier

Verdict = Callable[[Envelope], bool]


class ScriptedWorker:
    """Runs in a thread, as a context manager.

    Args:
        is_good: of each job, whether it succeeds; one that does not goes to the dead letters.
    """

    def __init__(self, address: str, function: str, is_good: Verdict = lambda _: True) -> None:
        self._server = Server.parse(address)
        self._function = function
        self._is_good = is_good
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seen: list[Envelope] = []
        self.data: list[bytes] = []  # of each job, as it came

    def __enter__(self) -> "ScriptedWorker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(10)

    def _run(self) -> None:
        with Connection(self._server) as connection, Client([self._server]) as client:
            connection.send(wire.request(wire.CAN_DO, self._function.encode()))
            while not self._ending.is_set():
                connection.send(wire.request(wire.GRAB_JOB_UNIQ))
                (packet,) = connection.receive(5)
                if packet.command == wire.NO_JOB:
                    time.sleep(0.02)
                    continue
                handle, _, unique, data = packet.split(4)
                job = Envelope.unpack(data, unique)
                self.data.append(data)
                self.seen.append(job)
                if not self._is_good(job):
                    self._bury(client, job)
                connection.send(wire.request(wire.WORK_COMPLETE, handle, b""))

    def _bury(self, client: Client, job: Envelope) -> None:
        last = dossier(attempt=job.attempt)
        dead = dataclasses.replace(
            job.failed(last), delivery=job.delivery + 2, function=self._function, server="gm1:4730"
        )
        for _ in client.queue([Packed("gearmang", dead.pack(), dead.death_id)]):
            pass
