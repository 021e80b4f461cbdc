"""One connection to a gearmand, and one exchange on it, as steps that never block."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import TYPE_CHECKING

from gearmang.protocol.addresses import Address, addresses
from gearmang.protocol.errors import BadReply, ProtocolError, TimedOut, Unreachable
from gearmang.protocol.exchange import Exchange
from gearmang.protocol.server import Server
from gearmang.protocol.steps import READ, WRITE, Steps, Wait
from gearmang.protocol.tls import settings_of_all

if TYPE_CHECKING:
    from gearmang.protocol.tls import Tls

SILENCE = 0.5  # seconds; a server that was quiet for so long behind its list knows no other command
HINT = "; does it want TLS (--ca)?"  # for who is in plaintext and hears nothing

# Bytes. A buffer above 128 KiB malloc takes from the system and gives back: page faults each time.
_RECEIVED_AT_ONCE = 64 * 1024


def connect(server: Server, tls: Tls | None, deadline: float) -> Steps[socket.socket]:
    """A connected, non-blocking socket, with TLS where it is asked for.

    Every address of the server is tried; each has its share of the time that is left.

    Args:
        tls: None goes by `gearmang.protocol.tls.encrypt_all`.

    Raises:
        Unreachable, TimedOut, ProtocolError: the last address' problem.
    """
    tls = tls or settings_of_all()
    found = yield from addresses(server, deadline)
    for left in range(len(found), 0, -1):
        now = time.monotonic()
        try:
            until = now + (deadline - now) / left
            sock = yield from _connect_to(server, found[-left], until)
        except (Unreachable, TimedOut):
            if left == 1:
                raise
            continue
        if tls is None:
            return sock
        from gearmang.protocol.handshake import secure

        try:
            return (yield from secure(sock, server, tls, deadline))
        except BaseException:
            sock.close()
            raise
    raise Unreachable(server, "has a name without addresses; check the address")


def is_secured(sock: socket.socket) -> bool:
    """Whether it speaks TLS; asked without loading the module."""
    return hasattr(sock, "pending")


def _connect_to(server: Server, address: Address, until: float) -> Steps[socket.socket]:
    family, sockaddr = address
    try:
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    except OSError as error:
        raise Unreachable(server, f"cannot be asked: {error.strerror}") from None
    try:
        code = sock.connect_ex(sockaddr)
        if code == errno.EINPROGRESS:
            ready = yield Wait(sock, WRITE, until)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if ready else errno.ETIMEDOUT
    except BaseException:
        sock.close()
        raise
    if not code:
        return sock
    sock.close()
    if code == errno.ETIMEDOUT:
        raise TimedOut(server, "accepted no connection in time; check the host and the network")
    if code == errno.ECONNREFUSED:
        raise Unreachable(server, "refused the connection; is gearmand running there?")
    raise Unreachable(server, f"cannot be reached: {os.strerror(code)}")


def converse(
    sock: socket.socket, server: Server, exchange: Exchange, deadline: float
) -> Steps[None]:
    """Send the exchange's commands and feed it until its last reply is complete.

    Raises:
        TimedOut, ProtocolError, Unreachable: the socket is of no more use.
    """
    to_send = memoryview(exchange.request)
    while True:
        try:
            if to_send:
                to_send = to_send[sock.send(to_send) :]
            data = sock.recv(_RECEIVED_AT_ONCE)
            if not data:
                raise ProtocolError(
                    server, f"closed the connection {_after(exchange)}{_hint(sock, exchange)}"
                )
            if exchange.feed(data):
                return
            if more := exchange.more():
                to_send = memoryview(bytes(to_send) + more)
            continue
        except BadReply as error:
            raise ProtocolError(server, str(error)) from None
        except OSError as error:
            event = _awaited(error)
            if not event:
                reason = error.strerror or str(error)
                raise ProtocolError(
                    server, f"lost the connection: {reason}{_hint(sock, exchange)}"
                ) from None
        until = deadline
        if exchange.silent and not to_send:
            until = min(deadline, time.monotonic() + SILENCE)
        if not (yield Wait(sock, WRITE if to_send else event, until)):
            if exchange.ends_alone():
                return
            if until < deadline:
                continue
            raise TimedOut(
                server, f"gave no complete answer in time, {_after(exchange)}; gearmand hangs?"
            )


def _awaited(error: OSError) -> int:
    """The event that a socket waits for; 0 if it is of no more use."""
    if isinstance(error, BlockingIOError):
        return READ
    # ssl.SSLWantReadError and SSLWantWriteError, without importing ssl
    return {2: READ, 3: WRITE}.get(error.errno or 0, 0) if hasattr(error, "library") else 0


def _hint(sock: socket.socket, exchange: Exchange) -> str:
    return "" if exchange.received or is_secured(sock) else HINT


def _after(exchange: Exchange) -> str:
    return f"after {exchange.received:,} bytes" if exchange.received else "before any answer"
