"""The command ``gearmang``, from its arguments to what it prints and its exit code.

It is called in the test's own process, where importing everything costs nothing; `start` runs it
in one of its own, to be killed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gearmang.cli import main

PROGRAM = Path(sys.executable).with_name("gearmang")


class Ended(NamedTuple):
    """What a command left behind."""

    code: int
    stdout: bytes
    stderr: str


class Gearmang:
    """Runs commands against one store, and perhaps one gearmand."""

    def __init__(self, store: str, server: str | None = None) -> None:
        self.settings = {"GEARMANG_STORE": store, "COLUMNS": "160"}
        if server is not None:
            self.settings["GEARMANG_SERVERS"] = server

    def at(self, server: str) -> Gearmang:
        return Gearmang(self.settings["GEARMANG_STORE"], server)

    def __call__(
        self, *arguments: str | Path, stdin: bytes = b"", environment: Mapping[str, str] = {}
    ) -> Ended:
        """Call it and wait for its end."""
        output, errors = _stream(), _stream()
        with (
            _environment(self.settings | dict(environment)),
            _stdin(stdin),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            try:
                main([str(argument) for argument in arguments])
                code = 0
            except SystemExit as ending:
                code = ending.code if isinstance(ending.code, int) else 0
        for stream in (output, errors):
            stream.flush()
        return Ended(code, output.buffer.getvalue(), errors.buffer.getvalue().decode())

    def dead(self, *arguments: str | Path, code: int = 0, **environment: str) -> str:
        """The output of ``gearmang dead …``; of a failure, what it said on stderr."""
        ended = self("dead", *arguments, environment=environment)
        assert ended.code == code, f"{arguments} ended with {ended.code}: {ended}"
        return ended.stderr if code else ended.stdout.decode()

    def json(self, *arguments: str | Path) -> Any:
        """The document that ``gearmang dead … --json`` prints."""
        return json.loads(self.dead(*arguments, "--json"))

    def start(self, *arguments: str | Path, log: Path) -> subprocess.Popen[bytes]:
        """Start it in a process of its own and let it run."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [PROGRAM, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self.settings},
            )


class _Stream(io.TextIOWrapper):
    buffer: io.BytesIO


def _stream(data: bytes = b"") -> _Stream:
    return _Stream(io.BytesIO(data), encoding="utf-8", errors="surrogateescape")


@contextlib.contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _stdin(data: bytes) -> Iterator[None]:
    before, sys.stdin = sys.stdin, _stream(data)
    try:
        yield
    finally:
        sys.stdin = before
