"""Whoever looks after dead letters: commands that run beside the faults, and may be killed."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Select, select

from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import bodies, dead_letters, plans
from tests.daemons.gearmang import BIN

PATIENCE = 90.0  # seconds for one command
AT_A_SERVER = ("requeue", "undo")


class Operator:
    """Runs ``gearmang dead`` commands.

    Attributes:
        tracebacks: what a command printed that ended with one.
        edits: the payloads that were put in the place of others.
    """

    def __init__(self, store: str, server: str, environment: Mapping[str, str]) -> None:
        self.tracebacks: list[str] = []
        self.edits: set[bytes] = set()
        self._store, self._server = store, server
        self._environment = {**os.environ, **environment}
        self._running: list[subprocess.Popen[str]] = []

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start a command, and go on."""
        at = ["--store", self._store]
        if words[0] in AT_A_SERVER:
            at += ["--server", self._server]
        started = subprocess.Popen(
            [BIN / "gearmang", "dead", *words, *at],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment,
        )
        self._running.append(started)
        return started

    def run(self, *words: str) -> str:
        """Run a command to its end; what it printed."""
        return self._end(self.begin(*words))

    def edit(self, dice: random.Random) -> bool:
        """Make a job of some dead letter that will succeed; False where there is none."""
        found = self._some(select(dead_letters.c.death_id, bodies.c.payload).join(
            bodies, bodies.c.id == dead_letters.c.id
        ).where(dead_letters.c.state == "dead").limit(50), dice)  # fmt: skip
        if found is None:
            return False
        payload = b"good %s edited" % number_of(bytes(found.payload))
        self.edits.add(payload)
        editing = self.begin("edit", str(found.death_id), "--data", "-")
        assert editing.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            editing.stdin.write(payload.decode())
            editing.stdin.close()
        editing.stdin = None
        return True

    def plan(self, dice: random.Random) -> str | None:
        """Some plan of late."""
        found = self._some(select(plans.c.plan).order_by(plans.c.made_at.desc()).limit(5), dice)
        return None if found is None else str(found.plan)

    def wait(self) -> None:
        """Until all that was started has ended."""
        while self._running:
            self._end(self._running[0])

    def kill(self) -> None:
        """End what still runs."""
        for running in self._running:
            running.kill()
            running.communicate()
        self._running.clear()

    def _end(self, running: subprocess.Popen[str]) -> str:
        try:
            told, _ = running.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            running.kill()
            told, _ = running.communicate()
            self.tracebacks.append(f"not within {PATIENCE:g} s: {running.args!r}: {told}")
        self._running.remove(running)
        if "Traceback" in told:
            self.tracebacks.append(f"{running.args!r}:\n{told}")
        return told

    def _some(self, query: Select[Any], dice: random.Random) -> Row[Any] | None:
        try:
            with Store(self._store, timeout=1.0) as store, store.reading() as connection:
                rows = connection.execute(query).all()
        except StoreError:
            return None
        return dice.choice(rows) if rows else None


def number_of(payload: bytes) -> bytes:
    """Which job it is, whatever else was edited."""
    return payload.split(b" ", 2)[1]
