"""Any command as a job's code: payload on stdin, result on stdout, outcome by its exit code."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson

from gearmang.errors import CannotLoad
from gearmang.worker import scratch
from gearmang.worker.dossiers import name_of_signal
from gearmang.worker.frames import LONGEST_ANSWER
from gearmang.worker.job import Reject, Retry

if TYPE_CHECKING:
    from gearmang.worker.job import Job

EXIT_REJECT: Final = 65  # EX_DATAERR of sysexits.h
EXIT_RETRY: Final = 75  # EX_TEMPFAIL
GRACE: Final = 3.0  # seconds from SIGTERM to SIGKILL, when the time limit has passed
TOLD_ON: Final = 3  # the descriptor for progress, data and record fields
LONGEST_LINE: Final = 1024 * 1024  # bytes of one such line
READ_SIZE: Final = 64 * 1024  # bytes
# What ends sooner is read when it has ended: to be woken by each of its words would cost more.
SHORT: Final = 0.005  # seconds


class CommandFailed(Exception):
    """A command ended with another code than 0, or by a signal.

    Args:
        exit_code, signal: one of them is known.
    """

    def __init__(self, command: str, exit_code: int | None, number: int | None) -> None:
        self.exit_code, self.signal = exit_code, number
        self.outcome = "failure" if number is None else "crashed"
        self.error_type = "exit" if number is None else name_of_signal(number)
        how = f"exited with code {exit_code}" if number is None else f"died of {self.error_type}"
        super().__init__(f"{command} {how}")


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
        except BaseException:
            run.stop()
            raise
        finally:
            run.close()
            self._folder.clear()
        code = os.waitstatus_to_exitcode(run.status)
        if code == 0:
            return bytes(run.result)
        if code == EXIT_REJECT:
            raise Reject(f"{self.line} exited with code {code}")
        if code == EXIT_RETRY:
            raise Retry(f"{self.line} exited with code {code}", after=run.retry_after)
        raise CommandFailed(self.line, code if code > 0 else None, -code if code < 0 else None)

    def on_stop(self) -> None:
        """Remove the folder."""
        self._folder.remove()


def words_of(line: str) -> list[str]:
    """The words of a command line.

    Raises:
        CannotLoad: it has none, or its quotes do not match.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise CannotLoad(f"{line!r} is no command line: {error}") from None
    if not words:
        raise CannotLoad("an empty command line names no program")
    return words


def program_of(words: Sequence[str]) -> str:
    """Where the program is.

    Raises:
        CannotLoad: it is not there.
    """
    path = shutil.which(words[0])
    if path is None:
        raise CannotLoad(f"there is no program {words[0]}; give its path, or set PATH")
    return path


def environment_of(job: Job) -> dict[str, str]:
    """What a command learns of its job."""
    return {
        "GEARMANG_JOB_ID": job.id,
        "GEARMANG_FUNCTION": job.function,
        "GEARMANG_ATTEMPT": str(job.attempt),
        "GEARMANG_HANDLE": job.handle,
        "GEARMANG_UNIQUE": job.unique,
    }


class _Run:
    """One run of a command, which leads a process group of its own."""

    def __init__(self, path: str, words: list[str], environment: dict[str, str], job: Job) -> None:
        self._job = job
        self.result = bytearray()
        self.retry_after: float | None = None
        self.status = 0
        self._said = bytearray()
        self._ended = False
        stdin = os.memfd_create("payload")
        out, their_out = os.pipe()
        told, their_told = os.pipe()
        try:
            _write_all(stdin, job.raw)
            os.lseek(stdin, 0, os.SEEK_SET)
            self.pid = os.posix_spawn(
                path,
                words,
                environment,
                file_actions=[
                    # Out of the way of the numbers below first; dup2 leaves them inheritable.
                    (os.POSIX_SPAWN_DUP2, their_told, _SPARE),
                    (os.POSIX_SPAWN_DUP2, stdin, 0),
                    (os.POSIX_SPAWN_DUP2, their_out, 1),
                    (os.POSIX_SPAWN_DUP2, _SPARE, TOLD_ON),
                    (os.POSIX_SPAWN_CLOSE, _SPARE),
                ],
                setpgroup=0,
                setsigdef=[signal.SIGPIPE],
            )
        except BaseException:
            os.close(out)
            os.close(told)
            raise
        finally:
            for descriptor in (stdin, their_out, their_told):
                os.close(descriptor)
        self._pidfd = os.pidfd_open(self.pid)
        self._out, self._told = out, told
        for descriptor in (out, told):
            os.set_blocking(descriptor, False)

    def listen(self) -> None:
        """Read what it says until it ends."""
        look = select.poll()
        look.register(self._pidfd, select.POLLIN)
        short = bool(look.poll(SHORT * 1000))
        for descriptor in (self._out, self._told):
            look.register(descriptor, select.POLLIN)
        while not short:
            ready = {descriptor for descriptor, _ in look.poll()}
            for descriptor in ready & {self._out, self._told}:
                if not self._read(descriptor):
                    look.unregister(descriptor)
            if self._pidfd in ready:
                break
        while self._read(self._out, final=True):  # what it said last
            pass
        while self._read(self._told, final=True):
            pass
        self._reap()

    def stop(self) -> None:
        """End it: it may clean up for a while."""
        if self._ended:
            return
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        look = select.poll()
        look.register(self._pidfd, select.POLLIN)
        while not look.poll(max(0.0, deadline - time.monotonic()) * 1000):
            if time.monotonic() >= deadline:
                self._signal(signal.SIGKILL)
                break
        self._reap()

    def close(self) -> None:
        """Close what was opened for it; what it has left in its group ends."""
        self._signal(signal.SIGKILL)
        for descriptor in (self._out, self._told, self._pidfd):
            os.close(descriptor)

    def _reap(self) -> None:
        if not self._ended:
            self._ended = True
            # Its group's number is not given to another one before it is waited for.
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            self._signal(signal.SIGKILL)
            _, self.status = os.waitpid(self.pid, 0)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.pid, number)

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
        self._said += data
        *lines, rest = self._said.split(b"\n")
        self._said = rest if len(rest) <= LONGEST_LINE else bytearray()
        for line in lines:
            try:
                said = orjson.loads(line)
                self._heed(said)
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                print(f"descriptor {TOLD_ON}: {bytes(line[:200])!r}: {error}", file=sys.stderr)

    def _heed(self, said: dict[str, Any]) -> None:
        if "progress" in said:
            done, of = said["progress"]
            self._job.progress(int(done), int(of))
        if "data" in said:
            text = said["data"]
            self._job.send(text.encode() if isinstance(text, str) else text)
        if "record" in said:
            self._job.record.set(**said["record"])
        if "retry_after" in said:
            self.retry_after = float(said["retry_after"])


_SPARE: Final = 200  # a number above those that a command gets


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
