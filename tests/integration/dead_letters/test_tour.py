"""docs/dead-letters.md is run as it stands: its files, its commands, its outputs."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.daemons.gearmand import Gearmand

DOCUMENT = Path(__file__).parents[3] / "docs" / "dead-letters.md"
PATIENCE = 20.0  # seconds until a command that only looks shows what the document shows

_FILE = re.compile(r"```python file=(\S+)\n(.*?)```", re.DOTALL)
_CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
_ID = re.compile(r"\b[0-9a-f]{8,32}(?:-\d+)?\b")
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}"), "TIME"),
    (re.compile(r"\d+\.\d s"), "SECONDS"),
    (re.compile("[·▁-█]{24}"), "BARS"),
    (_ID, "ID"),
    (re.compile(r"\s+"), " "),
)
_LOOKING = re.compile(r"gearmang dead (list|causes|show|stats)")
_ANYTHING = "…"


class Step(NamedTuple):
    command: str
    output: list[str]


def steps() -> Iterator[Step]:
    for block in _CONSOLE.findall(DOCUMENT.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.splitlines()
            yield Step(command, output)


class Shell:
    """One bash for all commands, as at a terminal."""

    def __init__(self, folder: Path) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "PATH": path, "COLUMNS": "150", "LC_ALL": "C.UTF-8"},
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.run("set -m")

    def run(self, command: str) -> list[str]:
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{command}\necho; echo END\n")
        self._bash.stdin.flush()
        output: list[str] = []
        while (line := self._bash.stdout.readline().rstrip("\n")) != "END":
            output.append(line)
            assert self._bash.poll() is None
        return output[:-1] if output and not output[-1] else output

    def end(self) -> None:
        self.run("kill $(jobs -p); wait")
        assert self._bash.stdin is not None
        self._bash.stdin.close()
        self._bash.wait(10)


def matches(expected: list[str], found: list[str]) -> bool:
    """Whether the output is the document's, but for ids, times and what a … stands for."""
    pattern = "".join(
        "(?:.*\n)*?" if line.strip() == _ANYTHING else re.escape(steady(line)) + "\n"
        for line in expected
    )
    return re.fullmatch(pattern, "".join(f"{steady(line)}\n" for line in found)) is not None


def steady(line: str) -> str:
    for varying, name in _VARYING:
        line = varying.sub(name, line)
    return line.strip()


def learn(names: dict[str, str], expected: list[str], found: list[str]) -> None:
    """Which id of this run stands for which id of the document."""
    told, seen = ([i for line in lines for i in _ID.findall(line)] for lines in (expected, found))
    if _ANYTHING not in expected:
        names.update(zip(told, seen, strict=True))


@pytest.mark.timeout(120)
def test_the_tour_of_a_bad_deployment(gearmand: Gearmand, tmp_path: Path) -> None:
    for name, source in _FILE.findall(DOCUMENT.read_text(encoding="utf-8")):
        (tmp_path / name).write_text(source, encoding="utf-8")
    names = {"127.0.0.1:4730": gearmand.address}
    shell = Shell(tmp_path)
    try:
        for step in steps():
            command = step.command
            for told, real in names.items():
                command = command.replace(told, real)
            deadline = time.monotonic() + PATIENCE
            found = shell.run(command)
            while not matches(step.output, found) and _LOOKING.match(command):
                assert time.monotonic() < deadline, f"$ {command}\n" + "\n".join(found)
                found = shell.run(command)
            assert matches(step.output, found), f"$ {command}\n" + "\n".join(found)
            learn(names, step.output, found)
    finally:
        shell.end()
