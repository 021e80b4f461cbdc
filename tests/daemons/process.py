"""One child process: started, awaited, paused, stopped; never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

START_TIMEOUT = 20.0  # seconds until a daemon must be ready
STOP_TIMEOUT = 10.0  # seconds from SIGTERM to SIGKILL
POLL_INTERVAL = 0.01  # seconds between two looks at a condition


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_that(condition: Callable[[], object], what: str, timeout: float = START_TIMEOUT) -> None:
    """Return as soon as the condition holds.

    Raises:
        TimeoutError: it did not hold within ``timeout`` seconds; the text says what was awaited.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout:g} s")
        time.sleep(POLL_INTERVAL)


class Process:
    """A child process whose output goes to a file, as a context manager."""

    def __init__(
        self, command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.command = [str(word) for word in command]
        self.log = log
        self.environment = dict(environment) if environment is not None else None
        self.popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.popen is not None, f"{self.command[0]} was not started"
        return self.popen.pid

    def start(self) -> Self:
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                # A Ctrl-C at the terminal is for us alone: we stop our children in our order.
                start_new_session=True,
            )
        try:
            self.await_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def await_ready(self) -> None:
        """Return once the process is of use; overridden by each daemon."""

    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def require_running(self) -> None:
        if not self.is_running():
            code = self.popen.returncode if self.popen else None
            raise RuntimeError(f"{self.command[0]} ended with {code}:\n{self.output()[-2000:]}")

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def send(self, number: signal.Signals) -> None:
        assert self.popen is not None
        self.popen.send_signal(number)

    def pause(self) -> None:
        """Freeze it: it keeps its sockets and answers nothing, from now on."""
        self.send(signal.SIGSTOP)
        await_that(self._is_stopped, f"{self.command[0]} stands still")

    def _is_stopped(self) -> bool:
        # The state behind the command's name; each thread stops by itself (proc(5)).
        states = [
            task.read_text().rpartition(")")[2].split()[0]
            for task in Path(f"/proc/{self.pid}/task").glob("*/stat")
        ]
        return bool(states) and set(states) <= {"T", "t", "Z", "X"}

    def resume(self) -> None:
        self.send(signal.SIGCONT)

    def wait(self, timeout: float = STOP_TIMEOUT) -> int:
        assert self.popen is not None
        return self.popen.wait(timeout)

    def stop(self) -> int | None:
        """End it by SIGTERM, by SIGKILL where that does not help; return its exit code."""
        if self.popen is None:
            return None
        if self.is_running():
            self.resume()
            self.popen.terminate()
            try:
                return self.popen.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.popen.returncode

    def kill(self) -> None:
        if self.is_running():
            assert self.popen is not None
            os.kill(self.popen.pid, signal.SIGKILL)
            self.popen.wait(STOP_TIMEOUT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
