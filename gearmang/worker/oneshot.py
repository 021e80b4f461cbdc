"""A command that is started anew for each job: payload on stdin, result on stdout."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING, Final

from gearmang.worker import scratch
from gearmang.worker.command import (
    TOLD_ON,
    Said,
    environment_of,
    error_of,
    program_of,
    words_of,
)
from gearmang.worker.frames import LONGEST_ANSWER
from gearmang.worker.spawned import Spawned

if TYPE_CHECKING:
    from gearmang.worker.job import Job

LONGEST_LINE: Final = 1024 * 1024  # bytes of one line on descriptor 3
READ_SIZE: Final = 64 * 1024  # bytes
# What ends sooner is read when it has ended: to be woken by each of its words would cost more.
SHORT: Final = 0.005  # seconds


class CommandLine:
    """A command line, run anew for each job; no shell reads it.

    Raises:
        CannotLoad: it cannot be split into words, or there is no such program.
    """

    def __init__(self, line: str) -> None:
        self.line = line
        self._words = words_of(line)
        self._path = program_of(self._words)
        self._environment = dict(os.environ)
        self._folder = scratch.Reused()

    def __call__(self, job: Job) -> bytes:
        """Run it.

        Raises:
            Reject, Retry: its exit code says so.
            CommandFailed: it failed in another way.
            ValueError: it printed more than gearmand takes.
        """
        told = self._environment | environment_of(job)
        folder = self._folder.ready(job.tmp_name)
        if folder is not None:
            told["GEARMANG_TMP"] = str(folder)
        run = _Run(self._path, self._words, told, job)
        try:
            run.listen()
        finally:
            run.end()
            self._folder.clear()
        if run.status:
            raise error_of(self.line, run.status, run.said.retry_after)
        return bytes(run.result)

    def on_stop(self) -> None:
        """Remove the folder."""
        self._folder.remove()


class _Run:
    """One run of a command."""

    def __init__(self, path: str, words: list[str], environment: dict[str, str], job: Job) -> None:
        self.said = Said(job)
        self.result = bytearray()
        self._rest = bytearray()  # of a line
        stdin = os.memfd_create("payload")
        self._out, their_out = os.pipe()
        self._told, their_told = os.pipe()
        try:
            _write_all(stdin, job.raw)
            os.lseek(stdin, 0, os.SEEK_SET)
            to = {stdin: 0, their_out: 1, their_told: TOLD_ON}
            self._command = Spawned(path, words, environment, to)
        except BaseException:
            os.close(self._out)
            os.close(self._told)
            raise
        finally:
            for descriptor in (stdin, their_out, their_told):
                os.close(descriptor)
        for descriptor in (self._out, self._told):
            os.set_blocking(descriptor, False)

    @property
    def status(self) -> int:
        """How it ended, as `os.waitpid` gives it."""
        return self._command.status

    def listen(self) -> None:
        """Read what it says until it ends."""
        ended = self._command.pidfd
        look = select.poll()
        look.register(ended, select.POLLIN)
        short = bool(look.poll(SHORT * 1000))
        for descriptor in (self._out, self._told):
            look.register(descriptor, select.POLLIN)
        while not short:
            ready = {descriptor for descriptor, _ in look.poll()}
            for descriptor in ready & {self._out, self._told}:
                if not self._read(descriptor):
                    look.unregister(descriptor)
            if ended in ready:
                break
        while self._read(self._out, final=True):  # what it said last
            pass
        while self._read(self._told, final=True):
            pass
        self._command.reap()

    def end(self) -> None:
        """End it, if it has not ended, and close what was opened for it."""
        self._command.stop()
        self._command.close()
        os.close(self._out)
        os.close(self._told)

    def _read(self, descriptor: int, *, final: bool = False) -> bool:
        """Take what is there; False once there will be no more (or, at its end, is no more)."""
        try:
            data = os.read(descriptor, READ_SIZE)
        except BlockingIOError:
            return not final
        if not data:
            return False
        if descriptor == self._out:
            self.result += data
            if len(self.result) > LONGEST_ANSWER:
                raise ValueError(
                    f"the result has more than the {LONGEST_ANSWER} bytes that gearmand takes"
                )
        else:
            self._hear(data)
        return True

    def _hear(self, data: bytes) -> None:
        self._rest += data
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest if len(rest) <= LONGEST_LINE else bytearray()
        for line in lines:
            self.said.hear(bytes(line))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
