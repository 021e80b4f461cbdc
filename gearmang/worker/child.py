"""The supervisor's side of one executor: forked, spoken to, watched, killed."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gearmang.worker.autopsy import Ending
from gearmang.worker.executor import CPU_AT_START, DROPPED, DROPPED_AT
from gearmang.worker.frames import AnswerDecoder
from gearmang.worker.keeper import Keeper
from gearmang.worker.loop import Callback, Loop, Stream
from gearmang.worker.place import resident_with_children
from gearmang.worker.tail import Tail

PIPE_SIZE: Final = 1024 * 1024  # bytes; a job that prints much waits less often
LONGEST_STACK: Final = 16 * 1024  # characters


class Child:
    """A forked executor.

    Args:
        keeper: whose nursery forks it.
        worker: the client id of the slot that it works for.
        owed: records that executors before it could not write and have not reported.

    Raises:
        NurseryDied: there is no executor.
        OSError: there is no room for a process or a descriptor.
    """

    def __init__(self, keeper: Keeper, worker: str, owed: int) -> None:
        self.ready = False
        self.closed = False  # its end of the socket
        self.jobs = 0
        self.first_sequence = 0  # of its jobs; a command's folder is named for it
        self.taken_over = 0  # of its `dropped`
        self.condemned: str | None = None  # the outcome for which it is killed
        self.kill_at = float("inf")  # by the monotonic clock
        self.decoder = AnswerDecoder()
        self.stream: Stream
        self.mark = keeper.new_mark()
        with contextlib.ExitStack() as on_error, contextlib.ExitStack() as theirs:
            self._stack = _kept(on_error, os.memfd_create("gearmang-stack"))
            page = _kept(theirs, os.memfd_create("gearmang-page"))
            os.truncate(page, mmap.PAGESIZE)
            self._page = mmap.mmap(page, mmap.PAGESIZE)
            DROPPED.pack_into(self._page, DROPPED_AT, owed)
            ours, other = socket.socketpair()
            on_error.callback(ours.close)
            theirs.callback(other.close)
            reader, writer = os.pipe2(os.O_CLOEXEC)
            _kept(on_error, reader)
            _kept(theirs, writer)
            _widen(writer)
            self.pid = keeper.bear((other.fileno(), writer, self._stack, page), worker, self.mark)
            on_error.callback(os.kill, self.pid, signal.SIGKILL)
            self.pidfd = os.pidfd_open(self.pid)
            on_error.pop_all()
        try:
            os.setpgid(self.pid, self.pid)  # by both sides: neither must wait for the other
        except OSError:
            pass
        os.set_blocking(reader, False)
        self.tail = Tail(reader)
        self._sock = ours
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

    def has_said_more(self) -> bool:
        """Whether there is something to read from it, its end included."""
        look = select.poll()
        look.register(self._sock, select.POLLIN)
        return bool(look.poll(0))

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

    @property
    def dropped(self) -> int:
        """Records that it could not write and has not reported; readable after its death too."""
        count: int = DROPPED.unpack_from(self._page, DROPPED_AT)[0]
        return count

    def descriptors(self) -> tuple[int, ...]:
        """The descriptors that another executor must not keep open."""
        return (self._sock.fileno(), self.pidfd, self.tail.descriptor, self._stack)

    def resident_bytes(self) -> int:
        """What it holds in memory now; a command that it runs counts too."""
        return resident_with_children(self.pid)

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


def _kept(stack: contextlib.ExitStack, descriptor: int) -> int:
    """The descriptor, closed with the stack."""
    stack.callback(os.close, descriptor)
    return descriptor


def _widen(pipe: int) -> None:
    import fcntl

    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    except OSError:
        pass  # the user's share of pipe memory is used up; the default will do
