"""Tells systemd how the worker is (sd_notify(3)); without systemd it tells nobody."""

from __future__ import annotations

import os
import socket
from typing import Final

_PLACE: Final = "NOTIFY_SOCKET"


class Notifier:
    """The socket that systemd gave us, if it did.

    Attributes:
        watchdog: seconds within which systemd wants to hear from us; None: it does not.
    """

    def __init__(self) -> None:
        address = os.environ.get(_PLACE, "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        own = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        wanted = os.environ.get("WATCHDOG_USEC", "")
        self.watchdog = int(wanted) / 1e6 if own and wanted.isdigit() and int(wanted) else None
        self._said = ""

    @property
    def is_wanted(self) -> bool:
        return bool(self._address)

    def say(self, state: str) -> None:
        """Send one state, such as ``READY=1``; never blocks, never raises."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.sendto(state.encode(), self._address)
        except OSError:
            pass  # systemd will notice by its own means

    def status(self, text: str) -> None:
        """Send a status line, if it is another one than before."""
        if text != self._said:
            self._said = text
            self.say(f"STATUS={text}")
