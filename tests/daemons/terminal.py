"""A real terminal, 80 by 24 unless told otherwise: tmux runs a program and presses keys."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.daemons.process import await_that

if TYPE_CHECKING:
    from typing_extensions import Self

ENDED = "the program ended with "


class Terminal:
    """A program in a tmux of its own.

    Args:
        folder: where tmux's socket goes.
        command: the program and its arguments.
        size: columns and rows.
    """

    def __init__(
        self, folder: Path, command: Sequence[str | Path], size: tuple[int, int] = (80, 24)
    ) -> None:
        self._size = size
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self._command = shlex.join(map(str, command))

    def __enter__(self) -> Self:
        line = f"{self._command}; echo {ENDED}$?; read -r _"
        columns, rows = map(str, self._size)
        self._run("new-session", "-d", "-x", columns, "-y", rows, line)
        return self

    def __exit__(self, *_: object) -> None:
        self._run("kill-server")

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names for them: ``q``, ``Enter``, ``Down``."""
        self._run("send-keys", *keys)

    def screen(self) -> str:
        """What is on the screen now."""
        return self._run("capture-pane", "-p")

    def await_text(self, text: str) -> str:
        """Return the screen once the text is on it."""
        await_that(lambda: text in self.screen(), f"{text!r} is on the screen", timeout=10)
        return self.screen()

    def _run(self, *words: str) -> str:
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        environment.pop("TMUX", None)
        done = subprocess.run(
            [*self._tmux, *words],
            capture_output=True, text=True, check=True, timeout=10, env=environment,
        )  # fmt: skip
        return done.stdout
