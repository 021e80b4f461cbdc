"""The supervisor's side of one executor: forked, spoken to, watched, killed."""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gearmang.worker.autopsy import Ending
from gearmang.worker.executor import CPU_AT_START, resident_bytes
from gearmang.worker.frames import AnswerDecoder
from gearmang.worker.loop import Callback, Loop, Stream
from gearmang.worker.nursery import Nursery
from gearmang.worker.tail import Tail

PIPE_SIZE: Final = 1024 * 1024  # bytes; a job that prints much waits less often
LONGEST_STACK: Final = 16 * 1024  # characters


class Child:
    """A forked executor.

    Args:
        nursery: that forks it.
        run_id: of the worker.

    Raises:
        NurseryDied: there is no executor.
    """

    def __init__(self, nursery: Nursery, run_id: str) -> None:
        self.ready = False
        self.closed = False  # its end of the socket
        self.jobs = 0
        self.condemned: str | None = None  # the outcome for which it is killed
        self.kill_at = float("inf")  # by the monotonic clock
        self.decoder = AnswerDecoder()
        self.stream: Stream
        self._run_id = run_id
        self._stack = os.memfd_create("gearmang-stack")
        page = os.memfd_create("gearmang-page")
        os.truncate(page, mmap.PAGESIZE)
        self._page = mmap.mmap(page, mmap.PAGESIZE)
        ours, theirs = socket.socketpair()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        _widen(writer)
        try:
            self.pid = nursery.bear((theirs.fileno(), writer, self._stack, page))
        except BaseException:
            ours.close()
            for descriptor in (reader, self._stack):
                os.close(descriptor)
            raise
        finally:
            theirs.close()
            os.close(writer)
            os.close(page)
        try:
            os.setpgid(self.pid, self.pid)  # by both sides: neither must wait for the other
        except OSError:
            pass
        os.set_blocking(reader, False)
        self.tail = Tail(reader)
        self._sock = ours
        self.pidfd = os.pidfd_open(self.pid)
        self.started = time.monotonic()

    def join(
        self,
        loop: Loop,
        *,
        answers: Callable[[], None],
        output: Callback,
        ended: Callback,
    ) -> None:
        """Have the loop call these when it has answered, has printed, has ended."""
        self.stream = Stream(loop, self._sock, answers)
        loop.add(self.tail.descriptor, output)
        loop.add(self.pidfd, ended)

    def ask_for_stack(self) -> None:
        """Have the process write the stacks of its threads; it goes on."""
        try:
            signal.pidfd_send_signal(self.pidfd, signal.SIGUSR2)
        except OSError:
            pass

    def stack(self) -> str | None:
        """What faulthandler wrote, at a crash or when asked for."""
        written = os.pread(self._stack, LONGEST_STACK, 0)
        return written.decode("utf-8", "backslashreplace") if written else None

    def resident_bytes(self) -> int:
        """What it holds in memory now."""
        return resident_bytes(self.pid)

    def kill(self) -> None:
        """End the executor and the processes of its group, at once."""
        with contextlib.suppress(OSError):  # all of them are gone
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):  # the executor, if its job has left the group
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def reap(self) -> Ending | None:
        """How it ended, and the end of its group; None while it still lives."""
        try:
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
            self.kill()  # what is left of its group, while nobody else can have its number
            _, status, used = os.wait4(self.pid, 0)
        except ChildProcessError:  # it died before it became our child
            return None if Path(f"/proc/{self.pid}").exists() else Ending(None, None)
        code = os.waitstatus_to_exitcode(status)
        cpu = used.ru_utime + used.ru_stime - CPU_AT_START.unpack_from(self._page, 0)[0]
        return Ending(
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            peak_rss_bytes=used.ru_maxrss * 1024,
            cpu_seconds=round(cpu, 6) if 0 <= cpu < 1e9 else None,
        )

    def close(self, loop: Loop) -> None:
        """Take its descriptors out of the loop and close them."""
        loop.remove(self.pidfd)
        loop.remove(self.tail.descriptor)
        self.stream.close()
        self.tail.close()
        os.close(self.pidfd)
        os.close(self._stack)
        self._page.close()


def new_run_id() -> str:
    """16 random hexadecimal digits, by which one worker's jobs and folders are told apart."""
    return secrets.token_hex(8)


def _widen(pipe: int) -> None:
    import fcntl

    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    except OSError:
        pass  # the user's share of pipe memory is used up; the default will do
