"""The process that runs the user's code: one job after another, until it is told to end.

It runs in a fork of the supervisor and never returns: whatever happens to it costs one attempt of
one job.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from mmap import mmap
from types import FrameType
from typing import Any, Final, NoReturn

from gearmang.errors import BadEnvelope, CannotLoad
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from gearmang.job.fingerprint import fingerprint
from gearmang.protocol.key import mark_of
from gearmang.worker import frames
from gearmang.worker.attempt import made_id
from gearmang.worker.command import CommandFailed
from gearmang.worker.dossiers import import_roots, of_exception
from gearmang.worker.job import Job, Retry, TimeLimitExceeded, encoded, outcome_of
from gearmang.worker.job_lines import JobLines
from gearmang.worker.loading import made
from gearmang.worker.options import Hook, WorkerOptions
from gearmang.worker.place import resident_with_children
from gearmang.worker.receiving import SHORT_JOB, receive
from gearmang.worker.scratch import tmp_name
from log_shipping import Record
from log_shipping.ambient import TaskLogger
from log_shipping.configuration import handler_of_environment
from log_shipping.silent import SILENT, SilentRecord

log = logging.getLogger("gearmang.worker")

# In the page that the supervisor can read, whatever has become of the executor:
CPU_AT_START: Final = struct.Struct("d")  # seconds, at its beginning
DROPPED: Final = struct.Struct("Q")  # records that could not be written and are not reported yet
DROPPED_AT: Final = CPU_AT_START.size


class Executor:
    """Runs jobs.

    Args:
        options: of the worker.
        found: the user's function or class.
        sock: to the supervisor.
        page: shared with the supervisor; what is known of the attempt if the process dies.
        run_id: 16 hexadecimal digits; with a job's sequence number the id of a bare job.
        worker: the worker's client id.
    """

    def __init__(
        self,
        options: WorkerOptions,
        found: Callable[..., Any],
        sock: socket.socket,
        page: mmap,
        run_id: str,
        worker: str,
    ) -> None:
        self._found = found
        self._options = options
        self._sock = sock
        self._page = page
        self._run_id = run_id
        self._worker = worker
        self._mark = mark_of(options.function)
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._running = False
        self._lines = JobLines()

    def serve(self) -> NoReturn:
        """Load the code, run jobs until the supervisor closes the socket, and exit."""
        numpy = sys.modules.get("numpy")
        if numpy is not None:  # Python's own random is seeded anew in each fork; numpy's is not
            numpy.random.seed()
        try:
            self._function = made(self._found)
            self._hooks = {
                name: getattr(self._options.hooks, name) or getattr(self._function, name, None)
                for name in ("on_start", "on_job", "on_failure", "on_stop")
            }
            self._call("on_start")
        except CannotLoad as error:
            self._answer(frames.BROKEN, str(error).encode("utf-8", "backslashreplace"))
            os._exit(1)
        except BaseException as error:
            told = f"on_start raised {type(error).__name__}: {error}"
            self._answer(frames.BROKEN, told.encode("utf-8", "backslashreplace"))
            os._exit(1)
        self._lines.attach()
        self._roots = import_roots()
        name = self._options.function.lstrip("^.") or "task"
        # Asked once: where no records are wanted they cost nothing.
        self._handler = handler_of_environment()
        self._tasks = TaskLogger(name) if self._handler else None
        if self._handler:
            self._handler.drop(DROPPED.unpack_from(self._page, DROPPED_AT)[0])
        if self._options.time_limit:
            signal.signal(signal.SIGALRM, self._time_is_up)
        self._answer(frames.READY)
        soon = True
        while (received := receive(self._sock, soon=soon)) is not None:
            began = time.perf_counter()
            self._run(*received)
            self._lines.job_id = ""
            soon = time.perf_counter() - began < SHORT_JOB
            if os.getpid() != self._pid:
                os._exit(0)  # a child that the job forked and that came back from it
        try:
            self._call("on_stop")
            _flush()
        finally:
            os._exit(0)

    def _run(self, sequence: int, body: bytes) -> None:
        handle, _, unique, data = body.split(b"\0", 3)
        del body  # of a large job there is no room for many copies
        try:
            envelope = Envelope.unpack(data, unique, made_id(self._run_id, sequence), self._mark)
        except BadEnvelope as error:
            self._fail(error, None, 1, retryable=False)
            return
        started = time.time()
        if envelope.not_before is not None and envelope.not_before > started:
            self._answer(frames.HELD, repr(envelope.not_before).encode())
            return
        CPU_AT_START.pack_into(self._page, 0, time.process_time())
        job = Job(
            envelope,
            function=self._options.function,
            handle=handle.decode("ascii", "backslashreplace"),
            unique=unique.decode("utf-8", "surrogateescape"),
            record=SILENT,
            say=self._answer,
            tmp_name=tmp_name(self._run_id, sequence),
        )
        self._lines.job_id = job.id
        try:
            if self._tasks is None:
                result = self._perform(job)
            else:
                with self._record(self._tasks, job, started) as job.record:
                    result = self._perform_recorded(job)
                self._count_drops()
        except BaseException as error:
            if os.getpid() != self._pid:
                os._exit(1)
            self._stop_clock()
            self._count_drops()
            self._call("on_failure", job, error)
            job.remove_tmp()
            self._fail(error, job, envelope.attempt)
        else:
            if os.getpid() != self._pid:
                os._exit(0)
            _flush()
            job.remove_tmp()
            if self._options.verbose:
                log.info("done in %.3f s, attempt %d", time.time() - started, job.attempt)
            self._answer(frames.DONE_AND_FULL if self._is_full() else frames.DONE, result)

    def _perform_recorded(self, job: Job) -> bytes:
        try:
            return self._perform(job)
        except BaseException as error:
            self._stop_clock()
            told = self._dossier(error, job, job.attempt)
            job.record.set("fingerprint", fingerprint(job.function, told))
            raise

    def _perform(self, job: Job) -> bytes:
        hook = self._hooks["on_job"]
        limit = self._options.time_limit
        if limit:
            self._running = True
            signal.setitimer(signal.ITIMER_REAL, limit)
        if hook is not None:
            hook(job)
        result = encoded(self._function(job))
        if limit:
            self._stop_clock()
        if len(result) > frames.LONGEST_ANSWER:
            raise ValueError(
                f"the result has {len(result)} bytes; gearmand takes {frames.LONGEST_ANSWER}"
            )
        return result

    def _record(self, tasks: TaskLogger, job: Job, started: float) -> Record | SilentRecord:
        queued = job.enqueued_at
        return tasks.record(
            id=job.id,
            task=job.function,
            handle=job.handle,
            worker=self._worker,
            attempt=job.attempt,
            workload_bytes=len(job.raw),
            **({} if queued is None else {"queue_ms": round((started - queued) * 1e3, 3)}),
        )

    def _fail(
        self, error: BaseException, job: Job | None, attempt: int, *, retryable: bool = True
    ) -> None:
        dossier = self._dossier(error, job, attempt)
        _flush()
        told = frames.Failure(
            dossier,
            retryable and not self._is_final(error),
            error.after if isinstance(error, Retry) else None,
        )
        self._answer(frames.FAILED, told.body())

    def _dossier(self, error: BaseException, job: Job | None, attempt: int) -> Dossier:
        cpu_at_start = CPU_AT_START.unpack_from(self._page, 0)[0] if job else time.process_time()
        dossier = Dossier(
            outcome=outcome_of(error),
            **of_exception(error, self._roots)._asdict(),
            peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            cpu_seconds=round(time.process_time() - cpu_at_start, 6),
            attempt=attempt,
        )
        if isinstance(error, CommandFailed):
            told = ("outcome", "error_type", "exit_code", "signal")
            dossier = replace(dossier, traceback=None, **{of: getattr(error, of) for of in told})
        return dossier

    def _is_final(self, error: BaseException) -> bool:
        family = type(error).__mro__
        names = {name for kind in family for name in (kind.__name__, _full_name(kind))}
        if isinstance(error, CommandFailed):
            names.add(error.error_type)
        return any(
            unwanted in names if isinstance(unwanted, str) else unwanted in family
            for unwanted in self._options.no_retry
        )

    def _count_drops(self) -> None:
        if self._handler:
            DROPPED.pack_into(self._page, DROPPED_AT, self._handler.dropped)

    def _is_full(self) -> bool:
        limit = self._options.max_memory
        return limit is not None and resident_with_children(self._pid) >= limit

    def _call(self, name: str, *arguments: Any) -> None:
        hook: Hook | None = self._hooks[name]
        if hook is None:
            return
        if name == "on_start":
            hook()
            return
        try:
            hook(*arguments)
        except Exception as error:  # a hook's fault must not hide the job's own
            print(f"{name} raised {type(error).__name__}: {error}", file=sys.stderr)

    def _time_is_up(self, _number: int, _frame: FrameType | None) -> None:
        if self._running:
            self._running = False
            raise TimeLimitExceeded(f"the time limit of {self._options.time_limit:g} s has passed")

    def _stop_clock(self) -> None:
        self._running = False
        if self._options.time_limit:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _answer(self, kind: int, body: bytes = b"") -> None:
        if os.getpid() != self._pid:
            os._exit(0)
        with self._lock:  # the job may send from several threads
            self._sock.sendall(frames.answer_frame(kind, body))


def _flush() -> None:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # the job has closed or replaced it


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
