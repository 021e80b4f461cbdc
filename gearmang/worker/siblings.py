"""Several workers under one parent: each a supervisor with its executor, restarted when it ends."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from typing import Final

from gearmang.errors import GearmangError
from gearmang.worker import place
from gearmang.worker.lifecycle import EXIT_DONE, EXIT_GRACE
from gearmang.worker.loop import Loop
from gearmang.worker.notify import Notifier
from gearmang.worker.options import WorkerOptions
from gearmang.worker.signals import WATCHED, Signals
from gearmang.worker.supervisor import Supervisor

RESTART_DELAY: Final = 1.0  # seconds before a worker that failed is started again
PROVED_AFTER: Final = 10.0  # seconds; a worker that cannot work before ends them all
MARGIN: Final = 10.0  # seconds beyond the grace before workers are killed

log = logging.getLogger("gearmang.worker")


class Siblings:
    """Runs workers until a signal ends it.

    Args:
        options: of each worker; its lifetime ends a worker, which is then started anew.
        size: how many.
    """

    def __init__(self, options: WorkerOptions, size: int) -> None:
        self._options, self._size = options, size
        self._loop = Loop()
        self._signals = Signals(self._loop, self._signalled)
        self._notifier = Notifier()
        self._workers: dict[int, int] = {}  # pid → pidfd
        self._start_at: list[float] = [0.0] * size
        self._stopping = False
        self._prove_by = time.monotonic() + PROVED_AFTER
        self._kill_at = float("inf")
        self._exit_code = EXIT_DONE

    def run(self) -> int:
        """Work until a signal ends it; 0, 75 when a job was cut off, 1 when no worker can work."""
        place.adopt_orphans()
        with self._signals:
            self._notifier.say("READY=1")
            while self._workers or (self._start_at and not self._stopping):
                now = time.monotonic()
                if not self._stopping:
                    for due in [moment for moment in self._start_at if moment <= now]:
                        self._start_at.remove(due)
                        self._start()
                if now >= self._kill_at:
                    self._kill_at = float("inf")
                    self._send(signal.SIGKILL)
                if self._notifier.watchdog:
                    self._notifier.say("WATCHDOG=1")
                self._loop.wait(self._wait_time(now))
        self._loop.close()
        return self._exit_code

    def _wait_time(self, now: float) -> float:
        due = [*self._start_at, self._kill_at, now + (self._notifier.watchdog or 60.0) / 2]
        return max(0.0, min(due) - now)

    def _start(self) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            try:
                place.die_with_parent(parent, signal.SIGTERM)
                os.environ.pop("NOTIFY_SOCKET", None)  # the parent speaks to systemd
                self._leave_behind()
                os._exit(self._work())
            finally:
                os._exit(1)
        self._workers[pid] = os.pidfd_open(pid)
        self._loop.add(self._workers[pid], lambda _mask: self._ended(pid))

    def _work(self) -> int:
        try:
            return Supervisor(self._options).run()
        except GearmangError as error:
            log.error("%s", error)  # noqa: TRY400  # foreseen: its sentence says it all
            return 1

    def _leave_behind(self) -> None:
        """Close what is the parent's; its epoll must not be touched, the kernel shares it."""
        signal.set_wakeup_fd(-1)
        for number in WATCHED:
            signal.signal(number, signal.SIG_DFL)
        for descriptor in (
            *self._workers.values(),
            *self._signals.descriptors(),
            self._loop.fileno(),
        ):
            os.close(descriptor)

    def _ended(self, pid: int) -> None:
        found, status = os.waitpid(pid, os.WNOHANG)
        if not found:
            return
        pidfd = self._workers.pop(pid)
        self._loop.remove(pidfd)
        os.close(pidfd)
        code = os.waitstatus_to_exitcode(status)
        if code == EXIT_GRACE:
            self._exit_code = EXIT_GRACE
        if code not in (EXIT_DONE, EXIT_GRACE):
            log.error("worker %d ended with %d", pid, code)
        if code == 1 and time.monotonic() < self._prove_by and not self._stopping:
            self._exit_code = 1  # it would be the same with every other
            self._signalled(signal.SIGTERM)
            return
        self._start_at.append(time.monotonic() + (RESTART_DELAY if code else 0.0))

    def _signalled(self, number: signal.Signals) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._stopping = True
            self._kill_at = time.monotonic() + self._options.grace + MARGIN
            self._send(signal.SIGTERM)
        else:
            self._send(number)

    def _send(self, number: signal.Signals) -> None:
        for pidfd in self._workers.values():
            try:
                signal.pidfd_send_signal(pidfd, number)
            except OSError:
                pass  # it has just ended
