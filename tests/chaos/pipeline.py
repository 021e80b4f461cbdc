"""All that takes part in a chaos run, each of it started again when a fault has ended it."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from gearmang.errors import NotQueued
from gearmang.job.client import Client
from tests.chaos.deeds import KINDS
from tests.chaos.wire_in_between import Wire
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.process import Process

FUNCTION = "mixed"
TARGET = "tests.chaos.deeds:take"
PAUSE = 0.02  # seconds between two jobs
HERE = Path(__file__).parents[1] / "integration" / "job"


class Pipeline:
    """gearmand on SQLite behind a wire, and all that uses it.

    Four workers of ours with different options, one by pygearman and one in PHP; two collectors; a
    submitter; whoever operates.

    Attributes:
        acknowledged: the payload of each job that gearmand said it has.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.notes = folder / "notes"
        self.spool = folder / "spool"
        self.store = folder / "store.db"
        self.notes.mkdir()
        self.gearmand = Gearmand(folder, persistent=True)
        self.gearmand.start()
        self.wire = Wire(self.gearmand.port)
        self.acknowledged: set[bytes] = set()
        self.submitting = True
        self._dice = random.Random(seed)
        environment = {**os.environ, "MIXED_NOTES": str(self.notes)}
        work: list[str | Path] = [BIN / "gearmang", "work", TARGET, "--function", FUNCTION]
        work += ["--server", self.wire.address, "--time-limit", "1s"]
        collect: list[str | Path] = [BIN / "gearmang", "collect", "--server", self.wire.address]
        collect += ["--store", self.store]
        commands: dict[str, list[str | Path]] = {
            "two slots": [*work, "--processes", "2"],
            "backoff": [*work, "--backoff", "1s"],
            "spool": [*work, "--spool", self.spool, "--attempts", "2"],
            "short life": [*work, "--lifetime", "4s", "--max-jobs", "20"],
            "pygearman": [sys.executable, HERE / "mixed_worker.py", str(self.wire.port)],
            "PHP": ["php", HERE / "mixed_worker.php", str(self.wire.port)],
            "collector 1": collect,
            "collector 2": collect,
        }
        subprocess.run(
            [BIN / "gearmang", "dead", "migrate", "--store", self.store],
            check=True,
            capture_output=True,
        )
        self.parts = {
            name: Process(command, folder / f"{name}.log", environment)
            for name, command in commands.items()
        }
        self.mend()
        self._thread = threading.Thread(target=self._submit, daemon=True)
        self._thread.start()

    def mend(self) -> None:
        """Start what is not running."""
        if not self.gearmand.is_running():
            self.gearmand.start()
        for part in self.parts.values():
            if not part.is_running():
                part.start()

    def operate(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One ``gearmang dead`` command."""
        at = ["--store", str(self.store)]
        if words[0] in ("requeue", "undo"):
            at += ["--server", self.wire.address]
        return subprocess.run(
            [BIN / "gearmang", "dead", *words, *at],
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def end_submitting(self) -> None:
        self.submitting = False
        self._thread.join(40)

    def waiting(self) -> int:
        """Jobs and letters that gearmand has."""
        functions = self.gearmand.functions()
        return sum(functions.get(name, (0, 0, 0))[0] for name in (FUNCTION, "gearmang"))

    def noted(self, name: str) -> list[bytes]:
        """The payloads that were noted, as often as they were."""
        path = self.notes / name
        return [bytes.fromhex(line) for line in path.read_text().split()] if path.exists() else []

    def letters(self) -> list[tuple[str, bytes]]:
        """State and payload of each letter in the store."""
        with sqlite3.connect(self.store, timeout=30) as connection:
            return list(
                connection.execute(
                    "SELECT state, payload FROM dead_letters JOIN dead_letter_bodies USING (id)"
                )
            )

    def stop(self) -> None:
        self.wire.thaw()
        for part in self.parts.values():
            part.stop()
        self.wire.close()
        self.gearmand.stop()

    def _submit(self) -> None:
        number = 0
        with Client([self.wire.address], timeout=5) as client:
            while self.submitting:
                number += 1
                payload = b"%s %d " % (self._dice.choice(KINDS).encode(), number)
                payload += self._dice.randbytes(self._dice.randrange(60))
                try:
                    client.submit(FUNCTION, payload)
                except NotQueued:
                    time.sleep(0.1)
                else:
                    self.acknowledged.add(payload)
                time.sleep(PAUSE)
