"""The commands of gearmang itself, as people start them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.daemons.gearmand import Gearmand
from tests.daemons.process import Process, await_that

BIN = Path(sys.executable).parent
COMMAND_TIMEOUT = 30.0  # seconds


def gearmang(*arguments: str | Path, timeout: float = COMMAND_TIMEOUT) -> str:
    """Run ``gearmang …`` to its end and return what it printed.

    Raises:
        subprocess.CalledProcessError: it did not exit 0.
    """
    done = subprocess.run(
        [BIN / "gearmang", *arguments], capture_output=True, text=True, timeout=timeout, check=True
    )
    return done.stdout


def gearmang_json(*arguments: str | Path) -> Any:
    """Run ``gearmang … --json`` and return the document that it printed."""
    return json.loads(gearmang(*arguments, "--json"))


class Worker(Process):
    """``gearmang work TARGET --function NAME``, ready once gearmand has registered it."""

    def __init__(
        self,
        folder: Path,
        gearmand: Gearmand,
        target: str,
        function: str,
        *options: str | Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.gearmand, self.function = gearmand, function
        server = ("--server", gearmand.address)
        command = [BIN / "gearmang", "work", target, "--function", function, *server, *options]
        log = folder / f"{function}-{id(self)}.log"
        super().__init__(command, log, {**os.environ, **(environment or {})})

    def await_ready(self) -> None:
        await_that(self._is_registered, f"worker {self.pid} is registered for {self.function}")

    def _is_registered(self) -> bool:
        self.require_running()
        lines = self.gearmand.ask("workers").splitlines()
        own = (f":{self.pid}+", f":{self.pid}#")
        return any(mark in line and self.function in line for line in lines for mark in own)


class Collector(Worker):
    """``gearmang collect``, ready once gearmand has registered it."""

    def __init__(self, folder: Path, gearmand: Gearmand, store: Path, *options: str | Path) -> None:
        super().__init__(folder, gearmand, "", "gearmang")
        server = ("--server", gearmand.address)
        command = [BIN / "gearmang", "collect", *server, "--store", store, *options]
        self.command = [str(word) for word in command]
