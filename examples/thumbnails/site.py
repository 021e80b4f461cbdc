"""Everything that the thumbnail service needs, started on free ports and in one folder."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tests.daemons.collectd import Collectd
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN, Collector, Worker, gearmang, gearmang_json
from tests.daemons.nagios import Nagios

if TYPE_CHECKING:
    from typing_extensions import Self

WORKERS = 2
TIME_LIMIT = "1s"  # that one picture may take
LONG_QUEUE = 30  # waiting pictures from which Nagios is CRITICAL
OLD_WORKER = 22  # seconds of age from which Nagios is CRITICAL
DEAD_LETTER_WINDOW = 20  # seconds in which new dead letters are CRITICAL
MODULE = "examples.thumbnails.resize"


class Site:
    """gearmand with its queue on disk, collector, collectd and Nagios; workers when asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "dead_letters.db"
        self.records = folder / "records"
        self.pictures = folder / "pictures"
        for made in (self.records, self.pictures):
            made.mkdir()
        self.gearmand = Gearmand(folder, persistent=True)
        self.collector = Collector(folder, self.gearmand, self.store)
        self.collectd = Collectd(folder, [self.gearmand.address])
        self.nagios = Nagios(folder, self._services())
        self.workers: list[Worker] = []
        self._running = ExitStack()

    def start_workers(self, function: str, revision: str) -> None:
        """Start the workers of one release of the code."""
        for _ in range(WORKERS):
            worker = Worker(
                self.folder,
                self.gearmand,
                f"{MODULE}:{function}",
                "resize",
                *("--time-limit", TIME_LIMIT),
                environment={
                    "GEARMANG_REVISION": revision,
                    "GEARMANG_RECORDS": str(self.records),
                },
            )
            self.workers.append(worker.start())

    def stop_workers(self) -> None:
        """Let the workers finish what they do, and exit."""
        for worker in self.workers:
            worker.send(signal.SIGTERM)
        for worker in self.workers:
            worker.stop()
        self.workers.clear()

    def dead(self) -> list[dict[str, Any]]:
        """The dead letters that wait."""
        listed: list[dict[str, Any]] = gearmang_json("dead", "list", "--store", self.store)
        return listed

    def run(self, *arguments: str | Path) -> str:
        """What ``gearmang …`` prints."""
        return gearmang(*arguments)

    def _services(self) -> dict[str, list[str | Path]]:
        server = ["-H", self.gearmand.address]
        return {
            "workers": [BIN / "check_gearmang_workers", *server, "--function", "resize"],
            "queues": [BIN / "check_gearmang_queues", *server, "-c", str(LONG_QUEUE)],
            "uptime": [BIN / "check_gearmang_uptime", *server, "-c", str(OLD_WORKER),
                       "--function", "resize"],
            "dead letters": [BIN / "check_gearmang_dead_letters", "--store", self.store,
                             "-c", "0", "--window", f"{DEAD_LETTER_WINDOW}s"],
        }  # fmt: skip

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(self.gearmand)
            starting.enter_context(self.collector)
            starting.enter_context(self.collectd)
            starting.enter_context(self.nagios)
            starting.callback(self.stop_workers)
            self._running = starting.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.__exit__(kind, error, trace)
