"""The collector's side of one gearmand: which jobs it holds, which answers it waits for."""

from __future__ import annotations

import time
from typing import Final

from gearmang.dead_letters.arriving.letter import DEAD_FUNCTION, Letter, letter_of
from gearmang.errors import ServerLost
from gearmang.protocol import wire
from gearmang.protocol.connection import Connection
from gearmang.protocol.server import Server

_SMALLEST_WINDOW: Final = 8  # jobs that are asked for at once when the queue has been empty
LARGEST_WINDOW: Final = 500  # the same when they keep coming; also the largest group
GROUP_BYTES: Final = 32 * 1024 * 1024  # of payloads that a group may hold before it is stored
SILENCE: Final = 10.0  # seconds until an idle gearmand is asked, and a silent one given up
_CONNECT_TIMEOUT: Final = 5.0  # seconds

DEFAULT_MAX_PAYLOAD: Final = 256 * 1024 * 1024  # bytes
_ROOM: Final = 16 * 1024 * 1024  # bytes for names and dossiers, beside the payload
_KEPT: Final = 1024 * 1024  # bytes of a larger letter that are read: who it is, and its dossiers

_GRAB: Final = wire.request(wire.GRAB_JOB_UNIQ)
_GRAB_WITHOUT_KEY: Final = wire.request(wire.GRAB_JOB)  # for Perl's server, which knows no other


class Inlet:
    """One connection that takes jobs from ``gearmang``, several at a time.

    gearmand gives a worker as many jobs as it asks for, and takes them all back when the
    connection ends: what is held here and not completed is never lost.

    Args:
        client_id: what gearmand's ``workers`` shows.
        max_payload: bytes; a letter above it is stored without its payload, and says so.
    """

    def __init__(self, server: Server, client_id: str, max_payload: int) -> None:
        self.server = server
        self.held: list[tuple[bytes, Letter]] = []  # handle and letter, in order of arrival
        self._window = _SMALLEST_WINDOW
        self._awaited = 0  # answers to GRAB_JOB that are still to come
        self._held_bytes = 0
        self._keyless = False
        self._heard_at = time.monotonic()
        self._connection = Connection(
            server,
            timeout=_CONNECT_TIMEOUT,
            longest=max_payload + _ROOM,
            kept=min(_KEPT, max_payload),
        )
        self._connection.send(
            wire.request(wire.SET_CLIENT_ID, client_id.encode()),
            wire.request(wire.CAN_DO, DEAD_FUNCTION.encode()),
        )

    def fileno(self) -> int:
        return self._connection.fileno()

    def close(self) -> None:
        self._connection.close()

    @property
    def is_ready(self) -> bool:
        """Whether the group that is held should be stored now: all is here that was asked for."""
        return bool(self.held) and (self._awaited == 0 or self.is_full)

    @property
    def is_full(self) -> bool:
        """Whether to read no more before what is held is stored."""
        return len(self.held) >= LARGEST_WINDOW or self._held_bytes >= GROUP_BYTES

    @property
    def is_drained(self) -> bool:
        return not self.held and self._awaited == 0

    def grab(self) -> None:
        """Ask for more jobs, unless answers are still awaited."""
        if self._awaited == 0:
            self._awaited = self._window
            self._heard_at = time.monotonic()
            self._connection.send((_GRAB_WITHOUT_KEY if self._keyless else _GRAB) * self._window)

    def read(self, *, draining: bool = False) -> None:
        """Take in what gearmand has sent; go to sleep, or wake up, as it says.

        Raises:
            ServerLost: the connection has ended; the jobs that are held are gearmand's again.
        """
        answered = self._awaited
        was_empty = False
        for packet in self._connection.receive(0):
            self._heard_at = time.monotonic()
            if packet.command == wire.JOB_ASSIGN_UNIQ:
                self._hold(packet, *packet.split(4))
            elif packet.command == wire.JOB_ASSIGN:
                handle, function, data = packet.split(3)
                self._hold(packet, handle, function, b"", data)
            elif packet.command == wire.NO_JOB:
                was_empty = True
                self._awaited -= 1
            elif packet.command == wire.NOOP and not draining:
                self.grab()
            elif packet.command == wire.ERROR:
                self._refused(packet)
        if was_empty:
            self._window = _SMALLEST_WINDOW
        if answered and self._awaited == 0:
            if was_empty and not draining:
                self._connection.send(wire.request(wire.PRE_SLEEP))
            elif not was_empty:
                self._window = min(2 * self._window, LARGEST_WINDOW)

    def watch(self) -> None:
        """Notice a gearmand that has gone silent.

        Raises:
            ServerLost: it owes an answer for too long.
        """
        if self.is_full:  # what it says is not read before the store has taken what is held
            self._heard_at = time.monotonic()
        if time.monotonic() - self._heard_at <= SILENCE:
            return
        if self._awaited:
            raise ServerLost(f"{self.server} gave no answer for {SILENCE:g} s")
        self._window = 1
        self.grab()

    def complete(self) -> None:
        """Tell gearmand that the jobs that are held are done: they are stored now."""
        held, self.held, self._held_bytes = self.held, [], 0
        if held:
            self._connection.send(
                *(wire.request(wire.WORK_COMPLETE, handle, b"") for handle, _ in held)
            )

    def _refused(self, packet: wire.Packet) -> None:
        """Perl's server refuses every request of the first batch: it knows no such request."""
        if self._keyless or not self._awaited or not packet.body.startswith(b"server_error\0"):
            raise ServerLost(f"{self.server} refused to give a job: {packet.body!r}")
        self._awaited -= 1
        if not self._awaited:
            self._keyless = True
            self.grab()

    def _hold(
        self, packet: wire.Packet, handle: bytes, _function: bytes, unique: bytes, data: bytes
    ) -> None:
        cut = None
        if packet.missing:
            size = len(data) + packet.missing
            cut = f"{size:,} bytes: {handle.decode('ascii', 'backslashreplace')} at {self.server}"
        letter = letter_of(data, unique, server=str(self.server), now=time.time(), cut=cut)
        self.held.append((handle, letter))
        self._held_bytes += len(data)
        self._awaited -= 1
