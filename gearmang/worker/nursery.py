"""Imports the user's code once and forks executors from there: a crash does not cost an import.

The nursery is forked by the supervisor and runs no jobs. For each executor it forks twice and the
one between exits, so that the kernel gives the executor to the supervisor, which is the subreaper:
the supervisor waits for it and learns how it died.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from mmap import mmap
from typing import Any, Final, NoReturn

from gearmang.errors import CannotLoad, GearmangError
from gearmang.terminal import clean
from gearmang.worker import executor, place
from gearmang.worker.loading import find
from gearmang.worker.loop import Loop
from gearmang.worker.options import WorkerOptions

BIRTH_TIMEOUT: Final = 5.0  # seconds for a fork
ADOPTION_TIMEOUT: Final = 5.0  # seconds for the process between to exit
LONGEST_MESSAGE: Final = 8192  # bytes
LONGEST_ID: Final = 127  # bytes of a client id

log = logging.getLogger("gearmang.worker")

_LOADED: Final = b"loaded"
_BROKEN: Final = b"broken "
_BEAR: Final = b"bear"
_PID: Final = struct.Struct("!i")
_MARK: Final = struct.Struct("!Q")
_DESCRIPTORS: Final = 4  # that an executor is given: socket, output, stack, page


class NurseryDied(GearmangError):
    """The process that forks executors is gone, or forks no more."""


class Nursery:
    """The supervisor's side.

    Args:
        run_id: of the supervisor's process.
        others: descriptors of the supervisor that the nursery must not keep open.

    Raises:
        OSError: there is no room for a process or a descriptor.
    """

    def __init__(self, options: WorkerOptions, run_id: str, others: Iterable[int]) -> None:
        self._sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        supervisor = os.getpid()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        try:
            self.pid = os.fork()
        except OSError:
            self._sock.close()
            theirs.close()
            raise
        if not self.pid:
            try:
                for descriptor in (*others, self._sock.fileno()):
                    os.close(descriptor)
                _Cradle(options, run_id, theirs, supervisor).serve()
            finally:
                os._exit(1)
        theirs.close()
        self._sock.settimeout(BIRTH_TIMEOUT)
        self.started = time.monotonic()
        self.loaded = False

    def fileno(self) -> int:
        """Readable when the code is loaded, or the nursery has died."""
        return self._sock.fileno()

    def hear(self) -> None:
        """Take what the nursery says about the code.

        Raises:
            CannotLoad: it cannot be loaded.
            NurseryDied: there is nobody to say anything.
        """
        try:
            told = self._sock.recv(LONGEST_MESSAGE)
        except OSError:
            told = b""
        if told == _LOADED:
            self.loaded = True
        elif told.startswith(_BROKEN):
            raise CannotLoad(told[len(_BROKEN) :].decode("utf-8", "backslashreplace"))
        else:
            raise NurseryDied("the process that loads the code has died")

    def bear(self, descriptors: Sequence[int], worker: str, mark: int) -> int:
        """Fork an executor that owns copies of the descriptors; its pid.

        Args:
            worker: the client id of the slot that it works for.
            mark: by which the processes that it will start are known.

        Raises:
            NurseryDied: it did not.
            BlockingIOError: there is no room for another process now.
        """
        message = _BEAR + _MARK.pack(mark) + worker.encode()[:LONGEST_ID]
        try:
            socket.send_fds(self._sock, [message], list(descriptors))
            (pid,) = _PID.unpack(self._sock.recv(_PID.size))
            if not pid:
                raise BlockingIOError(errno.EAGAIN, "there is no room for another process")  # noqa: TRY301
        except BlockingIOError:
            raise
        except (OSError, struct.error) as error:
            raise NurseryDied(f"no executor could be forked: {error}") from None
        return int(pid)

    def end(self, loop: Loop) -> int | None:
        """Kill it and wait for it; the signal that it had died of, if it had."""
        loop.remove(self._sock.fileno())
        self._sock.close()
        died = os.waitpid(self.pid, os.WNOHANG)
        if died[0]:
            return -os.waitstatus_to_exitcode(died[1])
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None


class _Cradle:
    """The nursery's own process."""

    def __init__(
        self, options: WorkerOptions, run_id: str, sock: socket.socket, supervisor: int
    ) -> None:
        self._options, self._run_id = options, run_id
        self._sock, self._supervisor = sock, supervisor

    def serve(self) -> NoReturn:
        place.die_with_parent(self._supervisor, signal.SIGKILL)
        os.setpgid(0, 0)  # a terminal's Ctrl-C is for the supervisor
        place.forget_signals()
        try:
            found = find(self._options.target)
        except CannotLoad as error:
            told = str(error).encode("utf-8", "backslashreplace")
            self._sock.send(_BROKEN + told[: LONGEST_MESSAGE - len(_BROKEN)])
            os._exit(1)
        threads = [thread.name for thread in threading.enumerate()[1:]]
        if threads:
            log.warning(
                "importing the code started threads that no executor will have: %s; start them "
                "in on_start, or in the class's __init__",
                clean(", ".join(threads)),
            )
        sys.stdout.flush()
        sys.stderr.flush()
        self._sock.send(_LOADED)
        while True:
            message, descriptors, _, _ = socket.recv_fds(self._sock, 1024, _DESCRIPTORS)
            if not message:
                os._exit(0)
            try:
                between = os.fork()
            except OSError:
                self._sock.send(_PID.pack(0))
            else:
                if not between:
                    self._bear(found, descriptors, message[len(_BEAR) :])
                os.waitpid(between, 0)
            for descriptor in descriptors:
                os.close(descriptor)

    def _bear(self, found: Any, descriptors: Sequence[int], told: bytes) -> NoReturn:
        try:
            pid = os.fork()
        except OSError:
            self._sock.send(_PID.pack(0))
            os._exit(1)
        if pid:
            self._sock.send(_PID.pack(pid))
            os._exit(0)
        self._sock.close()
        answers, output, stack, page = descriptors
        deadline = time.monotonic() + ADOPTION_TIMEOUT
        while os.getppid() != self._supervisor and time.monotonic() < deadline:
            time.sleep(0.0002)
        place.die_with_parent(self._supervisor, signal.SIGKILL)
        place.take(output, stack)
        place.bear_mark(*_MARK.unpack_from(told))
        with mmap(page, 0) as shared:
            executor.Executor(
                self._options,
                found,
                socket.socket(fileno=answers),
                shared,
                self._run_id,
                told[_MARK.size :].decode(),
            ).serve()
