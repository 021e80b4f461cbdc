"""A PostgreSQL store's engine: no statement waits for ever, whatever became of the server."""

import socket
import threading
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool


class Impatient(psycopg.Connection[Any]):
    """A connection that hangs up on a server which does not answer.

    The server's own ``statement_timeout`` is of no use when the server is frozen.
    """

    patience = 0.0  # seconds

    def wait(self, *arguments: Any, **options: Any) -> Any:
        """Psycopg's one place to wait for an answer."""
        timer = threading.Timer(self.patience, self._hang_up)
        timer.daemon = True
        timer.start()
        try:
            return super().wait(*arguments, **options)
        finally:
            timer.cancel()

    def _hang_up(self) -> None:
        with socket.fromfd(self.pgconn.socket, socket.AF_INET, socket.SOCK_STREAM) as descriptor:
            try:
                descriptor.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself


def engine_of(url: str, timeout: float, patience: float) -> Engine:
    """An engine that makes a connection for each transaction.

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
        return connection

    return create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
