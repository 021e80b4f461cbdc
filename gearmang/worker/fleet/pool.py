"""One pool: what it is to do, and the process that does it."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from gearmang.errors import GearmangError
from gearmang.terminal import clean
from gearmang.worker import place
from gearmang.worker.dossiers import name_of_signal
from gearmang.worker.loop import Clock, Loop
from gearmang.worker.metrics import Figures
from gearmang.worker.options import WorkerOptions
from gearmang.worker.orders import BROKEN, FIGURES, LONGEST, READY

SILENCE: Final = 60.0  # seconds without a word after which a supervisor hangs; it says one every 5
START_TIMEOUT: Final = 180.0  # seconds until a pool must be registered

log = logging.getLogger("gearmang.worker")


@dataclass(frozen=True)
class PoolPlan:
    """What a pool is to do.

    Attributes:
        name: by which people know it.
        options: of its worker.
        environment: variables that differ from the fleet's own.
        directory: the folder that it works in; None: the fleet's.
        records: folder of its task records; None: those of the fleet, if it has any.
    """

    name: str
    options: WorkerOptions
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    records: Path | None = None

    def enter(self) -> None:
        """Become a process of this pool.

        Raises:
            OSError: the folder cannot be entered.
        """
        os.environ.update(self.environment)
        if self.directory is not None:
            os.chdir(self.directory)
        for entry in reversed(self.environment.get("PYTHONPATH", "").split(os.pathsep)):
            if entry:  # Python has read that variable long ago
                sys.path.insert(0, entry)
        if self.records is not None:
            import log_shipping

            log_shipping.configure(path=self.records)


class PoolProcess:
    """A supervisor at work for a pool.

    Args:
        others: descriptors of the foreman that the supervisor must not keep open.
        loop: of the foreman.
        changed: called when it has said something, or has ended.

    Attributes:
        ready: it is registered.
        broken: why its code cannot be used; empty as long as it can.
        status, figures: what it says of itself, every five seconds.
        again_at: when another one is started in its place; None until it has ended.
        exit_code: that it ended with, negative for a signal; None while it runs.

    Raises:
        OSError: there is no room for a process.
    """

    def __init__(
        self,
        plan: PoolPlan,
        loop: Loop,
        clock: Clock,
        others: Iterable[int],
        changed: Callable[[], None],
    ) -> None:
        self.plan = plan
        self.ready = False
        self.broken = self.status = ""
        self.figures = Figures(plan.options.function)
        self.again_at: float | None = None
        self.exit_code: int | None = None
        self._loop, self._clock, self._changed = loop, clock, changed
        self.started = self._heard_at = clock.monotonic()
        self._sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        foreman = os.getpid()
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
                _supervise(plan, theirs, foreman)
            finally:
                os._exit(1)
        theirs.close()
        self._pidfd = os.pidfd_open(self.pid)
        self._sock.setblocking(False)
        loop.add(self._sock.fileno(), self._hear)
        loop.add(self._pidfd, self._ended)

    def descriptors(self) -> tuple[int, ...]:
        """Those that another pool must not keep open."""
        return () if self.exit_code is not None else (self._sock.fileno(), self._pidfd)

    def order(self, order: bytes) -> None:
        """Tell it; see `gearmang.worker.orders`."""
        try:
            self._sock.send(order)
        except OSError:
            pass  # it is ending

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.exit_code is None:
            os.kill(self.pid, number)

    def tick(self, now: float) -> None:
        """Kill one that hangs."""
        late = not self.ready and now - self.started > START_TIMEOUT
        if self.exit_code is None and (late or now - self._heard_at > SILENCE):
            why = "was not ready in time" if late else f"has said nothing for {SILENCE:g} s"
            log.error("pool %s, process %d: it %s; it is killed", self.plan.name, self.pid, why)
            self._heard_at = now
            self.broken = self.broken or f"it {why}"
            self.signal(signal.SIGKILL)

    def next_tick(self) -> float:
        """When `tick` may have something to do, by the monotonic clock."""
        if self.exit_code is not None:
            return float("inf")
        due = self._heard_at + SILENCE
        return due if self.ready else min(due, self.started + START_TIMEOUT)

    def why(self) -> str:
        """Why it is of no use, in a few words."""
        if self.broken or self.exit_code is None:
            return self.broken
        if self.exit_code < 0:
            return f"its supervisor was killed by {name_of_signal(-self.exit_code)}"
        return f"its supervisor ended with {self.exit_code}"

    def _hear(self, _mask: int) -> None:
        try:
            told = self._sock.recv(LONGEST).decode("utf-8", "replace")
        except BlockingIOError:
            return
        except OSError:
            told = ""
        if not told:
            self._loop.remove(self._sock.fileno())
            return
        self._heard_at = self._clock.monotonic()
        if told == READY:
            self.ready = True
        elif told.startswith(BROKEN):
            self.broken = clean(told[len(BROKEN) :])
        elif told.startswith("STATUS="):
            status, _, figures = told[len("STATUS=") :].partition(f"\n{FIGURES}")
            self.status = clean(status)
            self.figures = Figures(*json.loads(figures))
        if not told.startswith("WATCHDOG"):
            self._changed()

    def _ended(self, _mask: int) -> None:
        while self._sock.fileno() >= 0 and self._says_more():
            pass
        _, status = os.waitpid(self.pid, 0)
        self.exit_code = os.waitstatus_to_exitcode(status)
        self._loop.remove(self._pidfd)
        self._loop.remove(self._sock.fileno())
        os.close(self._pidfd)
        self._sock.close()
        self._changed()

    def _says_more(self) -> bool:
        """Take one of its last words."""
        try:
            more = self._sock.recv(LONGEST, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:
            return False
        if more:
            self._hear(0)
        return bool(more)


def _supervise(plan: PoolPlan, sock: socket.socket, foreman: int) -> NoReturn:
    """Be the supervisor of a pool."""
    from gearmang.worker.supervisor import Supervisor

    os.environ.pop("NOTIFY_SOCKET", None)
    place.forget_signals()
    place.die_with_parent(foreman, signal.SIGTERM)  # it drains
    os.setpgid(0, 0)  # a terminal's Ctrl-C is for the foreman
    code = 1
    try:
        plan.enter()
        code = Supervisor(plan.options, sock).run()
    except (GearmangError, OSError) as error:
        sock.setblocking(True)
        sock.settimeout(1.0)
        sock.send(f"{BROKEN}{error}".encode("utf-8", "backslashreplace")[:LONGEST])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
