"""Signals as events of the loop: the handlers only note them."""

from __future__ import annotations

import signal
import socket
from collections import deque
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Final

from gearmang.worker.loop import Loop

if TYPE_CHECKING:
    from typing_extensions import Self


WATCHED: Final = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGTSTP,
    signal.SIGCONT,
    signal.SIGQUIT,
    signal.SIGUSR2,
    signal.SIGHUP,
    signal.SIGUSR1,  # only so that it does not end the worker
    signal.SIGCHLD,
)


class Signals:
    """Watches signals inside its block; must be entered in the main thread.

    Args:
        on_signal: called in the loop with each signal.
    """

    def __init__(self, loop: Loop, on_signal: Callable[[signal.Signals], None]) -> None:
        self._loop = loop
        self._on_signal = on_signal
        self._noted: deque[int] = deque()
        self._ours, self._theirs = socket.socketpair()
        self._before: dict[signal.Signals, Any] = {}

    def descriptors(self) -> tuple[int, int]:
        """Those that an executor must not keep open."""
        return self._ours.fileno(), self._theirs.fileno()

    def __enter__(self) -> Self:
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._note) for number in WATCHED}
        self._loop.add(self._ours.fileno(), self._woken)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._loop.remove(self._ours.fileno())
        self._ours.close()
        self._theirs.close()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._noted.append(number)

    def _woken(self, _mask: int) -> None:
        try:
            self._ours.recv(4096)
        except BlockingIOError:
            pass
        while self._noted:
            self._on_signal(signal.Signals(self._noted.popleft()))
