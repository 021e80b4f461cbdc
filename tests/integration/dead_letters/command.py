"""The command ``gearmang`` in a process of its own, as its users run it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("gearmang")
LONGEST_RUN = 60.0  # seconds


class Gearmang:
    """Runs commands against one store, and perhaps one gearmand."""

    def __init__(self, store: str, server: str | None = None) -> None:
        self.environment = {**os.environ, "GEARMANG_STORE": store, "COLUMNS": "160"}
        if server is not None:
            self.environment["GEARMANG_SERVERS"] = server

    def at(self, server: str) -> "Gearmang":
        return Gearmang(self.environment["GEARMANG_STORE"], server)

    def __call__(
        self, *arguments: str | Path, code: int = 0, stdin: bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run it; it must end with this exit code."""
        ended = subprocess.run(
            [PROGRAM, *map(str, arguments)],
            check=False,
            input=stdin,
            capture_output=True,
            timeout=LONGEST_RUN,
            env={**self.environment, **environment},
        )
        told = subprocess.CompletedProcess(
            ended.args,
            ended.returncode,
            ended.stdout.decode("utf-8", "surrogateescape"),
            ended.stderr.decode("utf-8", "surrogateescape"),
        )
        assert told.returncode == code, f"{arguments}: {told.returncode}\n{told}"
        assert "Traceback (most recent call last)" not in told.stderr, told.stderr
        return told

    def dead(self, *arguments: str | Path, code: int = 0, **environment: str) -> str:
        """The output of ``gearmang dead …``; of a failure, what it said on stderr."""
        ended = self("dead", *arguments, code=code, stdin=b"", **environment)
        return ended.stderr if code else ended.stdout

    def json(self, *arguments: str | Path) -> Any:
        """The document that ``gearmang dead … --json`` prints."""
        return json.loads(self.dead(*arguments, "--json"))

    def start(self, *arguments: str | Path, log: Path) -> subprocess.Popen[bytes]:
        """Start it and let it run."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [PROGRAM, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
            )
