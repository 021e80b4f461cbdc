"""Echo jobs on gearmand: sent, awaited, and taken back where no worker took them.

gearmand keeps a job whose client has left as a ghost that counts as waiting until a worker comes
upon it. So a probe that timed out registers as a worker itself, for the moment that it takes to
be given its own job, and completes it.
"""

from __future__ import annotations

import secrets
import select
import time
from collections.abc import Sequence
from typing import NamedTuple

from gearmang.errors import GearmangError
from gearmang.protocol import wire
from gearmang.protocol.connection import Connection
from gearmang.watch.poll import Target

PREFIX = b"gearmang-roundtrip-"  # of the unique keys: how probes know each other
MOST_HELD = 100  # probes of others that are looked past for the own one


class Echo(NamedTuple):
    """What became of one probe.

    Attributes:
        seconds: how long it took; None when it did not come back.
        problem: why it did not.
        timed_out: whether it was a matter of time.
    """

    seconds: float | None
    problem: str = ""
    timed_out: bool = False


class Probe:
    """One echo job on one server.

    Args:
        target: the server.
        function: what is asked to echo.
        timeout: the most that connecting and sending may take, in seconds.

    Raises:
        ServerLost: it cannot be sent.
    """

    def __init__(self, target: Target, function: str, timeout: float) -> None:
        self._function = function.encode("utf-8", "surrogateescape")
        # A fresh key: gearmand would join the job to an older one of the same key.
        self._unique = PREFIX + secrets.token_hex(16).encode()
        self._payload = b"echo " + self._unique
        self.connection = Connection(target.server, timeout=timeout, tls=target.tls)
        self._sent_at = time.monotonic()
        self.connection.send(
            # Before all that waits: a busy queue is another check's business.
            wire.request(wire.SUBMIT_JOB_HIGH, self._function, self._unique, self._payload)
        )

    def receive(self, timeout: float = 0.0) -> Echo | None:
        """Take what has come; the result once it is there.

        Raises:
            ServerLost: the connection broke.
            BadPacket: what came makes no sense.
        """
        for packet in self.connection.receive(timeout):
            if packet.command == wire.WORK_COMPLETE:
                data = packet.split(2)[1]
                if data != self._payload:
                    return Echo(None, "came back changed: is this function an echo?")
                return Echo(time.monotonic() - self._sent_at)
            if packet.command in (wire.WORK_FAIL, wire.WORK_EXCEPTION):
                return Echo(None, "failed in the worker")
            if packet.command == wire.ERROR:
                return Echo(None, f"was refused: {packet.body.decode('ascii', 'replace')}")
        return None

    def take_back(self, deadline: float) -> str:
        """Remove the job from the queue; what was found out about it, for the first line.

        Raises:
            ServerLost: the connection broke; gearmand keeps the job as a ghost.
            BadPacket: what came makes no sense.
        """
        grab = wire.request(wire.GRAB_JOB_UNIQ)
        self.connection.send(wire.request(wire.CAN_DO, self._function), grab)
        held, ours = 0, False
        while (left := deadline - time.monotonic()) > 0:
            for packet in self.connection.receive(left):
                if packet.command == wire.NO_JOB:
                    return "a worker has it and gives no answer"
                if packet.command == wire.WORK_COMPLETE:
                    return "no worker took it" if ours else "it came too late"
                if packet.command != wire.JOB_ASSIGN_UNIQ:
                    continue
                handle, _, unique, _ = packet.split(4)
                if unique == self._unique:
                    # gearmand tells us, who are its client too, that it is complete: then it is
                    # gone, and it is safe to leave.
                    ours = True
                    self.connection.send(wire.request(wire.WORK_COMPLETE, handle, self._payload))
                elif unique.startswith(PREFIX) and held < MOST_HELD:
                    held += 1  # another monitor's; closing the connection gives it back
                    self.connection.send(grab)
                else:
                    return "other jobs wait before it: this function must do nothing but echo"
        return "it could not be taken back in time"


def exchange(
    targets: Sequence[Target], function: str, *, deadline: float, until: float
) -> list[Echo]:
    """Send a probe to each server at once and wait for all.

    Args:
        targets: the servers.
        function: what is asked to echo.
        deadline: when waiting for the echoes ends, on the monotonic clock.
        until: when taking back what did not come ends.

    Returns:
        What became of each, in the order of the targets.
    """
    echoes: dict[int, Echo] = {}
    probes: dict[int, Probe] = {}
    try:
        for number, target in enumerate(targets):
            try:
                probes[number] = Probe(target, function, max(0.05, deadline - time.monotonic()))
            except GearmangError as error:
                echoes[number] = Echo(None, str(error))
        _await(probes, echoes, deadline)
        for number in sorted(probes.keys() - echoes.keys()):
            try:
                found = probes[number].take_back(until)
            except GearmangError as error:
                found = str(error)
            echoes[number] = Echo(None, f"did not come back: {found}", timed_out=True)
    finally:
        for probe in probes.values():
            probe.connection.close()
    return [echoes[number] for number in range(len(targets))]


def _await(probes: dict[int, Probe], echoes: dict[int, Echo], deadline: float) -> None:
    while pending := sorted(probes.keys() - echoes.keys()):
        left = deadline - time.monotonic()
        if left <= 0:
            return
        by_descriptor = {probes[number].connection.fileno(): number for number in pending}
        for descriptor in select.select(list(by_descriptor), [], [], left)[0]:
            number = by_descriptor[descriptor]
            try:
                echo = probes[number].receive()
            except GearmangError as error:
                echo = Echo(None, str(error))
            if echo is not None:
                echoes[number] = echo
