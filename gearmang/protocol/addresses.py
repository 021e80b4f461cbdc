"""Host names to addresses without blocking: getaddrinfo knows no deadline.

An address in numbers is read at once. A name is looked up in a thread of its own; what it gave is
kept for a minute, and longer while the resolver is down: monitoring goes on without it.
"""

from __future__ import annotations

import socket
import time
from typing import Any

from gearmang.protocol.errors import TimedOut, Unreachable
from gearmang.protocol.server import Server
from gearmang.protocol.steps import READ, Steps, Wait

KEPT_FOR = 60.0  # seconds before a name is looked up again
SHARE_OF_TIME = 0.5  # of what is left, for a lookup whose old answer can stand in

Address = tuple[int, Any]  # the family, and the address as that family's sockets take it

_kept: dict[Server, tuple[float, tuple[Address, ...]]] = {}  # with the time of the lookup


def addresses(server: Server, deadline: float) -> Steps[tuple[Address, ...]]:
    """The server's addresses, best first.

    Raises:
        Unreachable: nobody knows the name.
        TimedOut: the resolver gave no answer before the deadline.
    """
    try:
        return _look_up(server, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name
    except (UnicodeError, ValueError, OverflowError) as error:
        raise Unreachable(server, f"is no host name ({error})") from None
    now = time.monotonic()
    kept = _kept.get(server)
    if kept and now - kept[0] < KEPT_FOR:
        return kept[1]
    until = now + (deadline - now) * SHARE_OF_TIME if kept else deadline
    found = yield from _ask_resolver(server, until)
    if isinstance(found, tuple):
        _kept[server] = time.monotonic(), found
        return found
    if kept:
        return kept[1]
    if found is None:
        raise TimedOut(server, "has a name that was not resolved in time; check the resolver")
    raise Unreachable(server, f"has a name that is not known ({found}); check the address")


def _ask_resolver(server: Server, until: float) -> Steps[tuple[Address, ...] | str | None]:
    """The addresses, or the resolver's error as text, or None when it gave no answer."""
    import threading

    answers: list[tuple[Address, ...] | str] = []
    try:
        ours, theirs = socket.socketpair()
    except OSError as error:
        return f"no socket for the resolver: {error.strerror}"

    def ask() -> None:
        try:
            answers.append(_look_up(server, 0))
        except (OSError, UnicodeError, ValueError) as error:
            answers.append(getattr(error, "strerror", None) or str(error))
        finally:
            theirs.close()  # which makes ours readable

    try:
        try:
            threading.Thread(target=ask, name=f"resolve {server.host}", daemon=True).start()
        except RuntimeError as error:
            theirs.close()
            return f"no thread for the resolver: {error}"
        yield Wait(ours, READ, until)
        return answers[0] if answers else None
    finally:
        ours.close()


def _look_up(server: Server, flags: int) -> tuple[Address, ...]:
    # As bytes: for text Python would load its tables of international names.
    host = server.host.encode("ascii") if server.host.isascii() else server.host
    found = socket.getaddrinfo(
        host, server.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=flags
    )
    return tuple((family, sockaddr) for family, _, _, _, sockaddr in found)
