"""The supervisor's side of one executor: forked, spoken to, watched, killed."""

import contextlib
import faulthandler
import mmap
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Final

from gearmang.worker.autopsy import Ending
from gearmang.worker.executor import CPU_AT_START, Executor, resident_bytes, tmp_name
from gearmang.worker.frames import AnswerDecoder
from gearmang.worker.loop import Callback, Loop, Stream
from gearmang.worker.options import Options
from gearmang.worker.prctl import die_with_parent
from gearmang.worker.tail import Tail

OOM_SCORE: Final = 500  # of 1000: under memory pressure the kernel takes executors first
PIPE_SIZE: Final = 1024 * 1024  # bytes; a job that prints much waits less often
LONGEST_STACK: Final = 16 * 1024  # characters


class Child:
    """A forked executor.

    Args:
        others: descriptors of the supervisor that the executor must not keep open.
    """

    def __init__(self, options: Options, run_id: str, worker: str, others: Iterable[int]) -> None:
        self.ready = False
        self.closed = False  # its end of the socket
        self.jobs = 0
        self.condemned: str | None = None  # the outcome for which it is killed
        self.kill_at = float("inf")  # by the monotonic clock
        self.decoder = AnswerDecoder()
        self.stream: Stream
        self._run_id = run_id
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self._stack = os.memfd_create("gearmang-stack")
        ours, theirs = socket.socketpair()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        _widen(writer)
        supervisor = os.getpid()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self.pid = os.fork()
        if not self.pid:
            try:
                for descriptor in (*others, ours.fileno(), reader):
                    os.close(descriptor)
                _become_executor(supervisor, writer, self._stack)
                Executor(options, theirs, self._page, run_id, worker).serve()
            finally:
                os._exit(1)
        try:
            os.setpgid(self.pid, self.pid)  # by both sides: neither must wait for the other
        except OSError:
            pass
        theirs.close()
        os.close(writer)
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

    def descriptors(self) -> tuple[int, ...]:
        """Those that a later executor must not keep open."""
        found = (self._sock.fileno(), self.tail.descriptor, self.pidfd, self._stack)
        return tuple(descriptor for descriptor in found if descriptor >= 0)

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
        """How it ended; None while it still lives."""
        try:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
        except ChildProcessError:
            return Ending(None, None, None, None)
        if not pid:
            return None
        code = os.waitstatus_to_exitcode(status)
        cpu = used.ru_utime + used.ru_stime - CPU_AT_START.unpack_from(self._page, 0)[0]
        return Ending(
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            peak_rss_bytes=used.ru_maxrss * 1024,
            cpu_seconds=round(cpu, 6) if 0 <= cpu < 1e9 else None,
        )

    def remove_tmp(self, sequence: int) -> None:
        """Remove the temporary folder of a job that could not do it itself."""
        folder = Path(tempfile.gettempdir()) / tmp_name(self._run_id, sequence)
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)

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


def _become_executor(supervisor: int, output: int, stack: int) -> None:
    die_with_parent(supervisor, signal.SIGKILL)
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGCONT):
        signal.signal(number, signal.SIG_DFL)
    # Not the default: log_shipping would put a handler there that writes the record which the
    # supervisor writes of a killed attempt.
    signal.signal(signal.SIGTERM, _die)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    faulthandler.enable(stack)
    faulthandler.register(signal.SIGUSR2, stack)
    try:
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    except OSError:
        pass  # in a container that forbids it


def _die(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _widen(pipe: int) -> None:
    import fcntl

    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    except OSError:
        pass  # the user's share of pipe memory is used up; the default will do
