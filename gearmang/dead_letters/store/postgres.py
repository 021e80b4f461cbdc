"""A PostgreSQL store's engine: no statement waits for ever, whatever became of the server."""

from __future__ import annotations

import math
import socket
import threading
import time
import weakref
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

_LONGEST_PAUSE: Final = 1.0  # seconds between two looks at the clock


class Impatient(psycopg.Connection[Any]):
    """A connection that hangs up on a server which does not answer.

    The server's own ``statement_timeout`` is of no use when the server is frozen.
    """

    patience = math.inf  # seconds that one answer may take
    expires = math.inf  # when the present one has taken too long, on the monotonic clock

    def wait(self, *arguments: Any, **options: Any) -> Any:
        """Psycopg's one place to wait for an answer."""
        self.expires = time.monotonic() + self.patience
        try:
            return super().wait(*arguments, **options)
        finally:
            self.expires = math.inf

    def hang_up(self) -> None:
        """Make whoever waits see the end of the connection."""
        with socket.fromfd(self.pgconn.socket, socket.AF_INET, socket.SOCK_STREAM) as descriptor:
            try:
                descriptor.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself


def _watch(watched: weakref.ref[Impatient]) -> None:
    """Hang up when an answer takes too long; one thread a connection, ending with it."""
    while (connection := watched()) is not None and not connection.closed:
        if time.monotonic() > connection.expires:
            connection.hang_up()
            return
        pause = min(connection.patience / 4, _LONGEST_PAUSE)
        del connection  # nothing but its user may keep it alive
        time.sleep(pause)


def engine_of(url: str, timeout: float, patience: float) -> Engine:
    """An engine that keeps one connection and looks whether it still works before each use.

    Args:
        timeout: seconds for connecting, for another's lock, and for sending.
        patience: seconds for one statement.
    """
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    def connect() -> Impatient:
        connection = Impatient.connect(
            plain,
            connect_timeout=max(1, int(timeout)),
            options=f"-c lock_timeout={int(timeout * 1000)} -c synchronous_commit=on",
            tcp_user_timeout=int(timeout * 1000),
        )
        connection.patience = patience
        watched = weakref.ref(connection)
        threading.Thread(target=_watch, args=(watched,), name="impatience", daemon=True).start()
        return connection

    return create_engine("postgresql+psycopg://", creator=connect, pool_size=1, pool_pre_ping=True)
