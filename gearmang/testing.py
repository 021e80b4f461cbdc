"""For the tests of functions: a job made by hand, a run without gearmand, an eager client.

from gearmang.testing import run

def test_a_picture_is_resized():
    ran = run(resize, {"picture": "cat.png"})
    assert ran.outcome == "done"
    assert ran.result == {"width": 96, "height": 64}
    assert ran.record["picture"] == "cat.png"
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import orjson

from gearmang.errors import JobFailed
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from gearmang.job.news import News, Part, Progress, Returned
from gearmang.job.submission import Submitted
from gearmang.protocol.server import Server
from gearmang.worker import frames
from gearmang.worker.job import Job, Reject, Retry, encoded
from gearmang.worker.loading import Target, load
from log_shipping.handler import RecordHandler
from log_shipping.record import Record

Outcome = Literal["done", "failed", "rejected", "retry"]


class Ran(NamedTuple):
    """How a run went.

    Attributes:
        outcome: done; failed by an exception; rejected; or it asks for another try.
        result: what a caller would get, read from JSON where it is JSON; None where it failed.
        error: what was raised.
        record: the fields that the function has set, without those that a worker adds.
        parts: what it sent by ``job.send``, as bytes.
        progress: the pairs that it told by ``job.progress``.
        raw: the result as bytes.
    """

    outcome: Outcome
    result: Any
    error: BaseException | None
    record: Mapping[str, Any]
    parts: Sequence[bytes]
    progress: Sequence[tuple[int, int]]
    raw: bytes = b""


class _Kept(RecordHandler):
    """Keeps the documents in place of writing them."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[Mapping[str, Any]] = []

    def ship(self, document: Any) -> None:
        self.documents.append(document)


def make_job(
    data: Any = None,
    *,
    function: str = "test",
    attempt: int = 1,
    history: Sequence[Dossier] = (),
    unique: str = "",
    say: Callable[[int, bytes], None] = lambda _kind, _body: None,
) -> Job:
    """A job as a function gets it.

    Args:
        data: bytes are the payload as they are; anything else as JSON.
        function: the name that it was queued under.
        attempt: which attempt it is, from 1.
        history: the dossiers of the attempts before.
        unique: the key that it was queued with.
        say: called with what the job tells a caller: a kind of `gearmang.worker.frames`, and bytes.
    """
    envelope = Envelope(
        payload=data if isinstance(data, bytes) else orjson.dumps(data),
        job_id=uuid.uuid4().hex,
        attempt=attempt,
        delivery=attempt,
        enqueued_at=time.time(),
        history=tuple(history),
    )
    name = function.lstrip("^.") or "task"
    return Job(
        envelope,
        function=function,
        handle="H:test:1",
        unique=unique,
        record=Record(_Kept(), name, None, None, {}),
        say=say,
        tmp_name=f"gearmang-{uuid.uuid4().hex[:16]}-1",
    )


def run(function: Target, data: Any = None, /, **given: Any) -> Ran:
    """Run a function, a class, a coroutine function or ``module:name`` on one job, here and now.

    Its exceptions are caught, as a worker catches them; its process is yours: what kills it kills
    the tests.

    Args:
        given: as for `make_job`.

    Raises:
        CannotLoad: it is no code that a worker could run.
    """
    parts: list[bytes] = []
    progress: list[tuple[int, int]] = []

    def say(kind: int, body: bytes) -> None:
        if kind == frames.PROGRESS:
            done, _, of = body.partition(b"\0")
            progress.append((int(done), int(of)))
        else:
            parts.append(body)

    code = load(function)
    job = make_job(data, say=say, **given)
    kept = _Kept()
    job.record = Record(kept, job.function.lstrip("^.") or "task", None, None, {})
    raw = b""
    error: BaseException | None = None
    try:
        with job.record:
            raw = encoded(code(job))
    except Exception as raised:
        error = raised
    finally:
        job.remove_tmp()
    outcome: Outcome = "done"
    if error is not None:
        outcome = "failed"
        if isinstance(error, Reject):
            outcome = "rejected"
        elif isinstance(error, Retry):
            outcome = "retry"
    record = dict(kept.documents[-1].get("fields", {}))
    return Ran(outcome, _read(raw), error, record, parts, progress, raw)


class EagerCall:
    """A stand-in for `gearmang.job.calling.Call`, of a job that was run already."""

    def __init__(self, ran: Ran, submitted: Submitted) -> None:
        self._ran, self._submitted = ran, submitted
        self.handle = submitted.handle

    def __iter__(self) -> Iterator[News]:
        """Progress, then parts.

        Raises:
            JobFailed: the job failed.
        """
        yield from (Progress(done, of) for done, of in self._ran.progress)
        yield from map(Part, self._ran.parts)
        self.result()

    def result(self) -> Returned:
        """What the job came to.

        Raises:
            JobFailed: it failed.
        """
        if self._ran.error is not None:
            text = f"{type(self._ran.error).__name__}: {self._ran.error}"
            raise JobFailed(f"job {self.handle} failed: {text}", text)
        parts = tuple(map(Part, self._ran.parts))
        return Returned(self._ran.raw, self.handle, self._submitted.server, parts)


class EagerClient:
    """A stand-in for `gearmang.Client` that runs each job as it is submitted.

    Args:
        functions: the name that jobs are queued under → its code.

    Attributes:
        ran: every run, in order.
    """

    def __init__(self, functions: Mapping[str, Target]) -> None:
        self._functions = dict(functions)
        self.ran: list[Ran] = []

    def submit(self, function: str, data: Any, **_: Any) -> Submitted:
        """Run one job.

        Raises:
            KeyError: no code was given for the function.
        """
        self.ran.append(run(self._functions[function], data, function=function))
        return Submitted(uuid.uuid4().hex, f"H:test:{len(self.ran)}", Server("test", 4730))

    def submit_many(self, jobs: Any) -> int:
        """Run many jobs; their number."""
        return sum(1 for job in jobs if self.submit(job[0], job[1]))

    def do(self, function: str, data: Any, **_: Any) -> Returned:
        """Run one job; its result.

        Raises:
            JobFailed: it raised; the text is what a worker would say.
            KeyError: no code was given for the function.
        """
        return self.call(function, data).result()

    def call(self, function: str, data: Any, **_: Any) -> EagerCall:
        """Run one job; its news and its result are at hand.

        Raises:
            KeyError: no code was given for the function.
        """
        submitted = self.submit(function, data)
        return EagerCall(self.ran[-1], submitted)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> EagerClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read(result: bytes) -> Any:
    try:
        return orjson.loads(result)
    except ValueError:
        return result or None
