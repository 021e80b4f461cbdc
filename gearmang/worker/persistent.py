"""A command that stays and gets job after job, in frames: a length, then so many bytes.

docs/persistent-commands.md says what is in the frames.
"""

from __future__ import annotations

import os
import re
import select
import struct
import time
from typing import TYPE_CHECKING, Final

import orjson

from gearmang.errors import CannotLoad
from gearmang.worker.command import (
    TOLD_ON,
    CommandFailed,
    Said,
    error_of,
    program_of,
    words_of,
)
from gearmang.worker.frames import LONGEST_ANSWER
from gearmang.worker.job import Reject, Retry
from gearmang.worker.spawned import Spawned

if TYPE_CHECKING:
    from gearmang.worker.job import Job

LENGTH: Final = struct.Struct("!I")
READY, DONE, FAILED, REJECTED, AGAIN, TOLD = b"R", b"D", b"F", b"X", b"A", b"T"
KINDS: Final = frozenset((READY, DONE, FAILED, REJECTED, AGAIN, TOLD))

READY_TIMEOUT: Final = 60.0  # seconds from the start of a command until it takes jobs
READ_SIZE: Final = 64 * 1024  # bytes
AWAKE_FOR: Final = 100e-6  # seconds; see gearmang.worker.receiving
SMALL: Final = 4096  # bytes that one write puts into an empty pipe as a whole

_TYPE: Final = re.compile(r"([A-Za-z_][\w\\.:]*): (.*)", re.ASCII | re.DOTALL)


class BadAnswer(Exception):
    """What a command wrote on descriptor 3 is no frame."""


class Persistent:
    """A command line, started once; no shell reads it.

    Raises:
        CannotLoad: it cannot be split into words, or there is no such program.
    """

    def __init__(self, line: str) -> None:
        self.line = line
        self._words = words_of(line)
        self._path = program_of(self._words)
        self._running: _Running | None = None

    def on_start(self) -> None:
        """Start it, before the first job.

        Raises:
            CannotLoad: it ended, or did not say in time that it is ready.
        """
        try:
            self._running = self._started()
        except (OSError, CommandFailed, Reject, Retry, BadAnswer) as error:
            raise CannotLoad(f"{error}; it did not say that it is ready for jobs") from None

    def __call__(self, job: Job) -> bytes:
        """Give it a job, and wait for its answer.

        Raises:
            Reject, Retry, CommandFailed: it says so, or it ended.
            BadAnswer: it said what is no frame.
            ValueError: its result is more than gearmand takes.
        """
        running = self._running
        if running is None or running.has_ended():
            self.on_stop()  # it ended between two jobs: that has cost none
            running = self._running = self._started()
        try:
            running.give(job)
            said = Said(job)
            while True:
                kind, body = running.answer()
                if kind == DONE:
                    return body
                if kind == TOLD:
                    said.hear(body)
                else:
                    break
        except BaseException:
            self.on_stop()
            raise
        text = body.decode("utf-8", "backslashreplace")
        if kind == REJECTED:
            raise Reject(text)
        if kind == AGAIN:
            raise Retry(text, after=said.retry_after)
        typed = _TYPE.fullmatch(text)
        if kind == FAILED:
            error_type, told = typed.groups() if typed else ("failed", text)
            raise CommandFailed(told, error_type=error_type)
        self.on_stop()
        raise BadAnswer(f"{self.line} answered a job with a frame of kind {kind!r}")

    def on_stop(self) -> None:
        """End it."""
        running, self._running = self._running, None
        if running is not None:
            running.end()

    def _started(self) -> _Running:
        running = _Running(self.line, self._path, self._words)
        try:
            running.await_ready()
        except BaseException:
            running.end()
            raise
        return running


class _Running:
    """A command at work."""

    def __init__(self, line: str, path: str, words: list[str]) -> None:
        self._line = line
        self._buffer = bytearray()
        stdin, self._jobs = os.pipe()
        self._answers, told = os.pipe()
        try:
            # What it prints goes where the executor's own output goes.
            self._command = Spawned(path, words, os.environ, {stdin: 0, told: TOLD_ON})
        except BaseException:
            os.close(self._jobs)
            os.close(self._answers)
            raise
        finally:
            os.close(stdin)
            os.close(told)
        os.set_blocking(self._jobs, False)
        os.set_blocking(self._answers, False)
        self._look = select.poll()
        self._look.register(self._answers, select.POLLIN)
        self._look.register(self._command.pidfd, select.POLLIN)
        self._end = select.poll()
        self._end.register(self._command.pidfd, select.POLLIN)

    def await_ready(self) -> None:
        """Wait for its first frame.

        Raises:
            CommandFailed, Reject, Retry: it ended.
            BadAnswer: it said something else, or nothing in time.
        """
        deadline = time.monotonic() + READY_TIMEOUT
        if self.answer(deadline)[0] != READY:
            raise BadAnswer(f"the first frame of {self._line} was not {READY!r}")

    def has_ended(self) -> bool:
        """Whether it has ended, between two jobs."""
        return bool(self._end.poll(0))

    def give(self, job: Job) -> None:
        """Write a job."""
        told = orjson.dumps(
            {
                "id": job.id,
                "function": job.function,
                "attempt": job.attempt,
                "handle": job.handle,
                "unique": job.unique.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
            }
        )
        payload = job.raw
        before = LENGTH.pack(len(told)) + told + LENGTH.pack(len(payload))
        if len(before) + len(payload) <= SMALL:
            parts = [memoryview(before + payload)]
        else:
            parts = [memoryview(before), memoryview(payload)]
        for part in parts:
            self._write(part)

    def answer(self, deadline: float = float("inf")) -> tuple[bytes, bytes]:
        """The next frame: its kind and its body.

        Raises:
            CommandFailed, Reject, Retry: it ended.
            BadAnswer: it said what is no frame, or nothing until the deadline.
            ValueError: its result is more than gearmand takes.
        """
        buffer = self._buffer
        while len(buffer) < LENGTH.size:
            buffer += self._read(deadline, soon=True)
        (size,) = LENGTH.unpack_from(buffer)
        end = LENGTH.size + size
        while len(buffer) <= LENGTH.size < end:
            buffer += self._read(deadline)
        if not size or bytes(buffer[LENGTH.size : LENGTH.size + 1]) not in KINDS:
            raise BadAnswer(
                f"{self._line} wrote {bytes(buffer[:40])!r} on descriptor {TOLD_ON}: no frame"
            )
        if size > LONGEST_ANSWER:
            raise ValueError(f"the result has {size} bytes; gearmand takes {LONGEST_ANSWER}")
        while len(buffer) < end:
            buffer += self._read(deadline)
        self._buffer = buffer[end:]
        return bytes(buffer[LENGTH.size : LENGTH.size + 1]), bytes(buffer[LENGTH.size + 1 : end])

    def end(self) -> None:
        """End it, and close what was opened for it."""
        self._command.stop()
        self._command.close()
        os.close(self._jobs)
        os.close(self._answers)

    def _write(self, data: memoryview) -> None:
        """Write all of it; what the command says meanwhile is kept, so that neither waits."""
        while data:
            try:
                data = data[os.write(self._jobs, data) :]
            except BlockingIOError:
                look = select.poll()
                look.register(self._jobs, select.POLLOUT)
                look.register(self._answers, select.POLLIN)
                ready = {descriptor for descriptor, _ in look.poll()}
                if self._answers in ready:
                    self._buffer += self._read(float("inf"))
            except BrokenPipeError:
                raise self._ended() from None

    def _read(self, deadline: float, *, soon: bool = False) -> bytes:
        """What it says next; stays awake for it at first."""
        until = time.perf_counter() + AWAKE_FOR if soon else 0.0
        ended = False
        while True:
            try:
                data = os.read(self._answers, READ_SIZE)
            except BlockingIOError:
                if ended:
                    raise self._ended() from None
                if soon and time.perf_counter() < until:
                    os.sched_yield()
                    continue
            else:
                if data:
                    return data
                raise self._ended()
            timeout = None if deadline == float("inf") else deadline - time.monotonic()
            if timeout is not None and timeout <= 0:
                raise BadAnswer(f"{self._line} has said nothing for {READY_TIMEOUT:g} s")
            ready = self._look.poll(None if timeout is None else timeout * 1000)
            ended = any(descriptor == self._command.pidfd for descriptor, _ in ready)

    def _ended(self) -> Exception:
        """It closed what we speak by: it is ending, or is ended now."""
        self._command.stop()
        if self._command.status:
            return error_of(self._line, self._command.status)
        return CommandFailed(f"{self._line} ended before it answered", exit_code=0)
