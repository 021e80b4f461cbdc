"""Tells systemd how the worker is (sd_notify(3)); without systemd it tells nobody."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Final

STATUS_INTERVAL: Final = 5.0  # seconds between two lines

_PLACE: Final = "NOTIFY_SOCKET"


class Notifier:
    """The socket that systemd gave us, if it did; or a foreman, who is told the same.

    Args:
        foreman: takes each line; None: systemd is told.

    Attributes:
        watchdog: seconds within which systemd wants to hear from us; None: it does not.
        tick_at: when `tick` has something to do.
    """

    def __init__(self, foreman: Callable[[str], None] | None = None) -> None:
        self._foreman = foreman
        address = os.environ.get(_PLACE, "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        own = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        wanted = os.environ.get("WATCHDOG_USEC", "")
        self.watchdog = int(wanted) / 1e6 if own and wanted.isdigit() and int(wanted) else None
        self._said = ""
        self._has_hearer = bool(self._address or foreman)
        self.tick_at = 0.0 if self._has_hearer else float("inf")  # by the monotonic clock

    def say(self, state: str) -> None:
        """Send one state, such as ``READY=1``; never blocks, never raises."""
        if self._foreman is not None:
            self._foreman(state)
            return
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.sendto(state.encode(), self._address)
        except OSError:
            pass  # systemd will notice by its own means

    def hurry(self) -> None:
        """Something has changed that systemd should know soon."""
        if self._has_hearer:
            self.tick_at = 0.0

    def tick(self, now: float, text: Callable[[], str]) -> None:
        """Say at its time that the worker lives, and how it is where that has changed."""
        if now < self.tick_at:
            return
        self.tick_at = now + STATUS_INTERVAL
        if self._foreman is not None:
            self.say("WATCHDOG=1")
        elif self.watchdog:
            self.tick_at = now + min(STATUS_INTERVAL, self.watchdog / 2)
            self.say("WATCHDOG=1")
        told = text()
        if told != self._said:
            self._said = told
            self.say(f"STATUS={told}")
