"""All that takes part in a chaos run, each of it started again when a fault has ended it."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import secrets
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from gearmang.errors import NotQueued
from gearmang.job.client import Client
from tests.chaos.clock import WrongClock
from tests.chaos.deeds import KINDS
from tests.chaos.operator import Operator
from tests.chaos.places import Place
from tests.chaos.processes import marked
from tests.chaos.stores import AnyStore, Database, File
from tests.chaos.wire_in_between import Wire
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.process import Process

TARGET = "tests.chaos.deeds:take"
SUBMITTERS = 3
PAUSE = 0.05  # seconds between two jobs of each
PATIENCE = 4.0  # seconds for one job
HERE = Path(__file__).parents[1] / "integration" / "job"
SLOTS = {"two slots": 2, "backoff": 1, "spool": 1, "short life": 1, "clock apart": 1}


class Pipeline:
    """gearmand on SQLite behind a wire, and all that uses it.

    Five workers of ours with different options, one by pygearman and one in PHP; two collectors;
    submitters; whoever operates. Nothing of another run can take its jobs: the function is its own.

    Attributes:
        acknowledged: the payload of each job that gearmand said it has.
        given: those, and the ones that it may have all the same.
        down: names of parts that a fault keeps from being started again.
        deleted: files of records that are in no folder any more.
        hidden: attempts that may have ended with a killed supervisor, and have no record.
    """

    def __init__(self, folder: Path, seed: int, engine: str = "sqlite") -> None:
        self.folder = folder
        self.function = f"chaos-{secrets.token_hex(4)}"
        self.notes, self.scratch = folder / "notes", folder / "tmp"
        self.notes.mkdir()
        self.scratch.mkdir()
        self.places = {name: Place(folder / name) for name in ("store", "spool", "records")}
        self.spool = self.places["spool"].folder / "spool"
        self.records = self.places["records"].folder / "records"
        self.records.mkdir()
        self.archive = folder / "archive.jsonl"
        self.store: AnyStore = (
            File(self.places["store"].folder) if engine == "sqlite" else Database()
        )
        self.clock = WrongClock(folder)
        self.gearmand = Gearmand(folder, persistent=True)
        self.gearmand.start()
        self.wire = Wire(self.gearmand.port)
        self.mark = f"MIXED_NOTES={self.notes}"
        self._environment = {
            "MIXED_NOTES": str(self.notes),
            "MIXED_FUNCTION": self.function,
            "TMPDIR": str(self.scratch),
        }
        self.operator = Operator(self.store.url, self.wire.address, self._environment)
        self.operator.run("migrate")
        self.down: set[str] = set()
        self.deleted: list[BinaryIO] = []
        self.hidden = 0
        self.parts = {name: self._part(name, command) for name, command in self._commands().items()}
        self.mend()
        self.acknowledged: set[bytes] = set()
        self.given: set[bytes] = set()
        self._dice = random.Random(seed)
        self._submitting = True
        self._numbers = itertools.count(1)
        self._threads = [threading.Thread(target=self._submit) for _ in range(SUBMITTERS)]
        for thread in self._threads:
            thread.start()

    def mend(self) -> None:
        """Start what is not running."""
        daemons = {"gearmand": self.gearmand, "store": self.store.server}
        for name, part in (*daemons.items(), *self.parts.items()):
            if part is not None and name not in self.down and not part.is_running():
                part.start()

    def end_submitting(self) -> None:
        self._submitting = False
        for thread in self._threads:
            thread.join(40)

    def waiting(self, patience: float = 2.0) -> int:
        """Jobs and letters that gearmand has.

        Raises:
            OSError: it does not say so within these seconds.
        """
        total = 0
        for line in self.gearmand.ask("status", patience).splitlines()[:-1]:
            name, jobs, *_ = line.split("\t")
            total += int(jobs) if name in (self.function, "gearmang") else 0
        return total

    def noted(self, name: str) -> list[bytes]:
        """The payloads that were noted, as often as they were."""
        path = self.notes / name
        return [bytes.fromhex(line) for line in path.read_text().split()] if path.exists() else []

    def stop(self) -> list[str]:
        """End all of it; the processes that are there all the same."""
        self._submitting = False
        self.wire.thaw()
        self.operator.kill()
        for part in self.parts.values():
            part.stop()
        self.wire.close()
        self.gearmand.stop()
        until = time.monotonic() + 5
        while (left := marked(self.mark)) and time.monotonic() < until:
            time.sleep(0.1)
        return left

    def remove(self, *, keep: bool) -> None:
        """Unmount what was mounted.

        Args:
            keep: copy what was in it.
        """
        self.store.remove()
        for file in self.deleted:
            file.close()
        for place in self.places.values():
            place.remove(keep=keep)

    def _commands(self) -> dict[str, Sequence[str | Path]]:
        server = ("--server", self.wire.address)
        work = (BIN / "gearmang", "work", TARGET, "--function", self.function, *server,
                "--time-limit", "1s", "--records", self.records)  # fmt: skip
        collect = (BIN / "gearmang", "collect", *server, "--store", self.store.url)
        others = str(self.wire.port)
        return {
            "two slots": (*work, "--processes", "2", "--max-memory", "150M"),
            "backoff": (*work, "--backoff", "1s"),
            "spool": (*work, "--spool", self.spool, "--attempts", "2"),
            "short life": (*work, "--lifetime", "4s", "--max-jobs", "20"),
            "clock apart": (*work, "--backoff", "1s", "--keep-after-failure"),
            "pygearman": (sys.executable, HERE / "mixed_worker.py", others),
            "PHP": ("php", HERE / "mixed_worker.php", others),
            "collector 1": collect,
            "collector 2": collect,
        }

    def _part(self, name: str, command: Sequence[str | Path]) -> Process:
        environment = {**os.environ, **self._environment}
        if name == "clock apart":
            environment |= self.clock.environment
        return Process(command, self.folder / f"{name}.log", environment)

    def _submit(self) -> None:
        with Client([self.wire.address], timeout=PATIENCE) as client:
            while self._submitting:
                payload = b"%s %d " % (self._dice.choice(KINDS).encode(), next(self._numbers))
                payload += self._dice.randbytes(self._dice.randrange(60))
                self.given.add(payload)
                with contextlib.suppress(NotQueued):
                    client.submit(self.function, payload)
                    self.acknowledged.add(payload)
                time.sleep(PAUSE)
