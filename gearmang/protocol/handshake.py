"""TLS towards gearmand: a connected socket in, a verified one out."""

from __future__ import annotations

import functools
import socket
import ssl
from pathlib import Path

from gearmang.protocol.errors import ProtocolError, TimedOut, Unreachable
from gearmang.protocol.server import Server
from gearmang.protocol.steps import READ, WRITE, Steps, Wait
from gearmang.protocol.tls import Tls


def secure(sock: socket.socket, server: Server, tls: Tls, deadline: float) -> Steps[socket.socket]:
    """Shake hands on a connected, non-blocking socket; the socket to go on with.

    Raises:
        Unreachable: a file of ours cannot be used.
        ProtocolError: plaintext, or a certificate that is not trusted.
        TimedOut: no handshake before the deadline.
    """
    try:
        context = _context(tls, _times(tls))
        secured = context.wrap_socket(
            sock, server_hostname=tls.server_name or server.host, do_handshake_on_connect=False
        )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise Unreachable(
            server, f"cannot be asked with these TLS files ({_reason(error)}); check {_files(tls)}"
        ) from None
    try:
        yield from _shake_hands(secured, server, deadline)
    except BaseException:
        secured.close()
        raise
    return secured


def _shake_hands(secured: ssl.SSLSocket, server: Server, deadline: float) -> Steps[None]:
    while True:
        try:
            secured.do_handshake()
        except ssl.SSLWantReadError:
            event = READ
        except ssl.SSLWantWriteError:
            event = WRITE
        except ssl.SSLCertVerificationError as error:
            raise ProtocolError(
                server, f"has a certificate that is not trusted: {error.verify_message}; check ca"
            ) from None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError, ConnectionError):
            raise ProtocolError(
                server, "closed the connection instead of speaking TLS; has it TLS on this port?"
            ) from None
        except ssl.SSLError as error:
            raise ProtocolError(server, _handshake_problem(error)) from None
        except OSError as error:
            raise Unreachable(server, f"lost the connection: {error.strerror}") from None
        else:
            return
        if not (yield Wait(secured, event, deadline)):
            raise TimedOut(
                server, "did not speak TLS in time; it is frozen, or has no TLS on this port"
            )


def _handshake_problem(error: ssl.SSLError) -> str:
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"):
        return "answers in plaintext where TLS was asked for; its TLS is off, nothing was sent"
    return f"failed the TLS handshake: {_reason(error)}"


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    name = getattr(error, "filename", None)
    return f"{name}: {reason}" if name else str(reason)


def _files(tls: Tls) -> str:
    return ", ".join(file for file in (tls.ca, tls.cert, tls.key) if file) or "the system's CAs"


def _times(tls: Tls) -> tuple[int, ...]:
    return tuple(Path(f).stat().st_mtime_ns for f in (tls.ca, tls.cert, tls.key) if f)


@functools.lru_cache(maxsize=64)
def _context(tls: Tls, _times: tuple[int, ...]) -> ssl.SSLContext:
    """Reading the files takes milliseconds: done again only when one of them has changed."""
    context = ssl.create_default_context(cafile=tls.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # in a loop a write would wait for a read
    if tls.cert:
        # An empty password instead of a question on the terminal.
        context.load_cert_chain(tls.cert, tls.key, password="")
    return context
