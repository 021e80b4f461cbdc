"""How one worker works: every option with its unit and its default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gearmang.protocol.server import Server
from gearmang.protocol.wire import LARGEST_PAYLOAD
from gearmang.worker.loading import Target

if TYPE_CHECKING:
    from gearmang.protocol import Tls

DEFAULT_ATTEMPTS: Final = 3
DEFAULT_LIFETIME: Final = 300.0  # seconds
DEFAULT_GRACE: Final = 25.0  # seconds; below the 30 that orchestrators wait before SIGKILL
DEFAULT_MAX_PAYLOAD: Final = LARGEST_PAYLOAD
DEFAULT_BREAKER: Final = 5  # crashes of one fingerprint within a minute

Hook = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Called in the executor. A class that serves as the function may have methods of these names.

    Attributes:
        on_start: before the first job; without arguments.
        on_job: before each job; with the job.
        on_failure: after an exception; with the job and the exception.
        on_stop: before the executor ends in peace; without arguments.
    """

    on_start: Hook | None = None
    on_job: Hook | None = None
    on_failure: Hook | None = None
    on_stop: Hook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """What a worker does and when it gives up.

    Attributes:
        function: the name that jobs are queued under.
        target: the code, as a callable, a class or ``module:name``.
        servers: the gearmands; jobs are taken from all of them.
        attempts: how often a job is tried before it is a dead letter.
        backoff: seconds before the second attempt, doubled for each further one; None: at once.
        time_limit: seconds after which `TimeLimitExceeded` is raised in the function.
        max_jobs: jobs after which an executor is replaced.
        max_memory: resident bytes at which a running job is killed, and an idle executor replaced.
        keep_after_failure: go on with the executor of a job that raised.
        lifetime: seconds after which the worker ends, give or take a tenth; 0: never.
        grace: seconds that a running job has to end after SIGTERM.
        reply_only: answer failures to the caller who waits; neither requeue nor store them.
        no_retry: exceptions (or their names) after which the job goes to the dead letters at once.
        breaker: crashes of one fingerprint within a minute that stop its retries; 0: never.
        spool: folder for copies that gearmand refuses.
        max_payload: bytes of the largest job that is run; a larger one is a dead letter without
            its payload.
        processes: slots, each with an executor and connections of its own.
        most: slots while jobs wait and all are busy; not above `processes`: never more than those.
        verbose: log each attempt that succeeds.
        tls: speak TLS with the servers.
        ready_file: is there while the worker is ready; see `gearmang.worker.readiness`.
        hooks: see `Hooks`.
    """

    function: str
    target: Target
    servers: tuple[Server, ...]
    attempts: int = DEFAULT_ATTEMPTS
    backoff: float | None = None
    time_limit: float | None = None
    max_jobs: int | None = None
    max_memory: int | None = None
    keep_after_failure: bool = False
    lifetime: float = DEFAULT_LIFETIME
    grace: float = DEFAULT_GRACE
    reply_only: bool = False
    no_retry: tuple[type[BaseException] | str, ...] = ()
    breaker: int = DEFAULT_BREAKER
    spool: Path | None = None
    max_payload: int = DEFAULT_MAX_PAYLOAD
    processes: int = 1
    most: int = 0
    verbose: bool = False
    tls: Tls | None = None
    ready_file: Path | None = None
    hooks: Hooks = field(default_factory=Hooks)

    def __post_init__(self) -> None:
        if not self.function or "\0" in self.function:
            raise ValueError("a worker needs the name of a function")
        if not self.servers:
            raise ValueError("a worker needs a server")
        for name, least in (("attempts", 1), ("lifetime", 0), ("grace", 0), ("breaker", 0),
                            ("max_payload", 1), ("processes", 1)):  # fmt: skip
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}")
        for name in ("backoff", "time_limit", "max_jobs", "max_memory"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} must be more than 0")
