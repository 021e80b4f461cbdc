"""Records to a syslog daemon on this host: RFC 5424 over a Unix socket, or over UDP."""

from __future__ import annotations

import os
import select
import socket
import time
from datetime import datetime, timezone

from log_shipping.formatter import JsonFormatter
from log_shipping.handler import RecordHandler
from log_shipping.process import HOST

PRIORITY = 16 * 8 + 6  # facility local0, severity info
PATIENCE = 0.1  # seconds that a record waits for a reader, once; then records are dropped at once


class SyslogHandler(RecordHandler):
    """Sends each record as one datagram, and drops it rather than wait for a stopped reader.

    Args:
        address: a Unix socket's path, such as ``/dev/log``, or ``HOST:PORT`` for UDP.
        name: the APP-NAME, by which the daemon's rules choose.
    """

    def __init__(
        self,
        address: str,
        *,
        formatter: JsonFormatter | None = None,
        name: str = "gearmang-tasks",
    ) -> None:
        super().__init__(formatter)
        self.address = self.where = address
        self._name = name
        self._socket: socket.socket | None = None
        self._patient = True

    def write_line(self, line: bytes) -> bool:
        message = self._message(line)
        with self.lock:
            try:
                return self._send(message)
            except OSError:  # the daemon was restarted: its socket is another one now
                self._forget()
                return self._send(message)

    def close(self) -> None:
        """Close the socket; a later record opens it again."""
        with self.lock:
            self._forget()
        super().close()

    def after_fork(self) -> None:
        super().after_fork()
        self._forget()

    def report_drops(self) -> None:
        self._patient = True  # once more, at the end: a slow reader may have come so far
        super().report_drops()

    def _message(self, line: bytes) -> bytes:
        now = datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
        head = f"<{PRIORITY}>1 {now} {HOST} {self._name} {os.getpid()} - - "
        return head.encode("ascii", "replace") + line.rstrip(b"\n")

    def _send(self, message: bytes) -> bool:
        sender = self._socket or self._connect()
        try:
            sender.send(message, socket.MSG_DONTWAIT)
        except BlockingIOError:
            if not self._patient or not self._await_room(sender, message):
                self._patient = False
                return False
        self._patient = True
        return True

    def _await_room(self, sender: socket.socket, message: bytes) -> bool:
        # A full Unix datagram queue may show as writable and refuse all the same.
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            poll = select.poll()
            poll.register(sender, select.POLLOUT)
            poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
            try:
                sender.send(message, socket.MSG_DONTWAIT)
            except BlockingIOError:
                time.sleep(0.001)
            else:
                return True
        return False

    def _connect(self) -> socket.socket:
        if self.address.startswith("/"):
            made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            target: object = self.address
        else:
            host, _, port = self.address.rpartition(":")
            family, kind, _, _, target = socket.getaddrinfo(
                host.strip("[]"), int(port), type=socket.SOCK_DGRAM
            )[0]
            made = socket.socket(family, kind)
        try:
            made.connect(target)  # type: ignore[arg-type]  # a path or what getaddrinfo returned
        except OSError:
            made.close()
            raise
        self._socket = made
        return made

    def _forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
