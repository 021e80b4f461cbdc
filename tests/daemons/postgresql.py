"""A real PostgreSQL (Debian's) in a temporary folder; where we are root, as ``postgres``."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg

from tests.daemons.process import Process, await_that, free_port

_SUPERUSER = "gearmang"


def _programs() -> Path:
    """The newest version that is installed."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


class PostgreSQL(Process):
    """A cluster of its own on a free port of 127.0.0.1, with nothing in it.

    Args:
        durable: whether what is committed survives the host; processes may be killed either way.
    """

    def __init__(self, *, durable: bool = True) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="gearmang-postgresql-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        data = self.folder / "data"
        subprocess.run(
            [
                *_as_postgres(),
                *(_programs() / "initdb", "-D", data, "-U", _SUPERUSER, "--auth=trust"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
        )
        super().__init__(
            [
                *_as_postgres(),
                *(_programs() / "postgres", "-D", data, "-p", str(self.port)),
                *("-c", "listen_addresses=127.0.0.1", "-k", self.folder),
                *("-c", "max_connections=50", "-c", f"fsync={'on' if durable else 'off'}"),
            ],
            self.folder / "log",
        )

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{_SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """Make an empty database, or a copy of another; return its URL."""
        name = f"store_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def run(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def await_ready(self) -> None:
        await_that(self._answers, f"PostgreSQL on port {self.port} answers")

    def _answers(self) -> bool:
        self.require_running()
        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> int | None:
        """End it without waiting for its clients."""
        if self.is_running():
            self.resume()
            self.send(signal.SIGINT)
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()
        return self.popen.returncode if self.popen else None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def shared() -> PostgreSQL:
    """The one cluster of a test run; each test makes a database of its own in it."""
    server = PostgreSQL(durable=False).start()
    atexit.register(server.remove)
    return server
