"""The worker that survives the job of death; docs/writing-a-worker.md tells how to use it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gearmang.protocol.server import Server
from gearmang.worker.job import Job, Reject, Retry, TimeLimitExceeded
from gearmang.worker.loading import Target
from gearmang.worker.options import Hook, Hooks, WorkerOptions
from gearmang.worker.supervisor import Supervisor

__all__ = ["Job", "Reject", "Retry", "TimeLimitExceeded", "Worker"]


class Worker:
    """A worker for one function: ``Worker("resize", resize, servers=["gm1:4730"]).run()``.

    Args:
        function: the name that jobs are queued under.
        target: the code: a callable that takes a `Job`, a class of such, or ``module:name``.
        servers: gearmands, as `Server` or ``HOST:PORT``.
        on_start, on_job, on_failure, on_stop: hooks, see `gearmang.worker.options.Hooks`.
        options: the rest of `gearmang.worker.options.Options`.

    Raises:
        BadServer: an address cannot be read.
        ValueError: an option that cannot be.
    """

    def __init__(
        self,
        function: str,
        target: Target,
        *,
        servers: Sequence[Server | str] = ("127.0.0.1:4730",),
        on_start: Hook | None = None,
        on_job: Hook | None = None,
        on_failure: Hook | None = None,
        on_stop: Hook | None = None,
        **options: Any,
    ) -> None:
        for name in ("spool", "ready_file"):
            if options.get(name) is not None:
                options[name] = Path(options[name])
        self.options = WorkerOptions(
            function=function,
            target=target,
            servers=tuple(
                Server.parse(server) if isinstance(server, str) else server for server in servers
            ),
            hooks=Hooks(on_start=on_start, on_job=on_job, on_failure=on_failure, on_stop=on_stop),
            **options,
        )

    def run(self) -> int:
        """Work until the lifetime or a signal ends it; the exit code for the process.

        Call it in the main thread: it handles signals. The code runs in forked processes.

        Raises:
            CannotLoad: the code could not be loaded even once.
            SpoolError: the spool folder cannot be used.
        """
        return Supervisor(self.options).run()
