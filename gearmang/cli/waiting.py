"""``gearmang submit --wait``: what the jobs came to, on stdout; how they fare, on a terminal."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

import click
import orjson

from gearmang.cli.output import print_json
from gearmang.errors import GearmangError, JobFailed, NoAnswer, NotQueued, ServerLost
from gearmang.job.calling import Call
from gearmang.job.client import Client
from gearmang.job.news import Part, Progress, Returned
from gearmang.job.submission import Submission
from gearmang.terminal import clean, clean_lines

EXIT_FAILED: Final = 1
EXIT_NOT_KNOWN: Final = 75  # EX_TEMPFAIL: no result in time, or the server was lost
AT_ONCE: Final = 100  # jobs of a file that are waited for at a time

_WITHOUT_RESULT: Final = (JobFailed, NoAnswer, NotQueued, ServerLost)


def wait_for_one(client: Client, job: Submission, timeout: float, as_json: bool) -> int:
    """Have one job done and print its result, parts of it as they come; the exit code."""
    code = 0
    result: dict[str, Any] = {}
    with _Bar() as bar:
        try:
            call = _begin(client, job, timeout)
            parts = []
            for news in call:
                if isinstance(news, Progress):
                    bar.show(news)
                elif isinstance(news, Part) and as_json:
                    parts.append(_shown(news.raw))
                elif isinstance(news, Part):
                    _write(news.raw)
            result = _told(call.result()) | {"parts": parts}
            if not as_json:
                _write(call.result().raw)
        except _WITHOUT_RESULT as error:
            code, result = _failed(error)
            if not as_json:
                bar.close()
                click.echo(f"gearmang: {clean(str(error))}", err=True)
    if as_json:
        print_json(result)
    return code


def wait_for_each(client: Client, jobs: Iterable[Submission], timeout: float, as_json: bool) -> int:
    """Have many jobs done, `AT_ONCE` at a time; a line for each, in their order; the exit code.

    Args:
        timeout: seconds for each.
    """
    codes = {0}
    waiting: deque[tuple[int, Call | ServerLost]] = deque()
    told: list[dict[str, Any]] = []

    def finish() -> None:
        number, call = waiting.popleft()
        try:
            if isinstance(call, ServerLost):
                raise call  # told like what is lost later
            returned = call.result()
        except _WITHOUT_RESULT as error:
            code, document = _failed(error)
            codes.add(code)
            if not as_json:
                click.echo(f"gearmang: line {number}: {clean(str(error))}", err=True)
        else:
            document = _told(returned)
            if not as_json:
                _write(b"".join(part.raw for part in returned.parts) + returned.raw + b"\n")
        if as_json:
            told.append({"line": number} | document)

    for number, job in enumerate(jobs, 1):
        if len(waiting) >= AT_ONCE:
            finish()
        try:
            waiting.append((number, _begin(client, job, timeout)))
        except ServerLost as error:
            waiting.append((number, error))
    while waiting:
        finish()
    if as_json:
        print_json(told)
    return max(codes)


def _begin(client: Client, job: Submission, timeout: float) -> Call:
    return client.call(
        job.function, job.data, unique=job.unique, priority=job.priority, timeout=timeout
    )


def _told(returned: Returned) -> dict[str, Any]:
    return {
        "outcome": "done",
        "result": _shown(returned.raw),
        "handle": returned.handle,
        "server": str(returned.server),
        "parts": [_shown(part.raw) for part in returned.parts],
    }


def _failed(error: GearmangError) -> tuple[int, dict[str, Any]]:
    if isinstance(error, JobFailed):
        return EXIT_FAILED, {"outcome": "failed", "error": str(error), "text": error.text}
    if isinstance(error, NotQueued):
        return EXIT_FAILED, {"outcome": "not queued", "error": str(error)}
    return EXIT_NOT_KNOWN, {"outcome": "not known", "error": str(error)}


def _shown(raw: bytes) -> Any:
    """A result in a document: from JSON, or as text."""
    try:
        return orjson.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "backslashreplace")


def _write(raw: bytes) -> None:
    """As it is to a program; to a terminal without what could take it over."""
    if not raw:
        return
    if sys.stdout.isatty():
        print(clean_lines(raw.decode("utf-8", "backslashreplace")), flush=True)
        return
    sys.stdout.buffer.write(raw)
    sys.stdout.flush()


class _Bar:
    """A bar of the job's own progress, once it tells some and only on a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None

    def show(self, progress: Progress) -> None:
        if not sys.stderr.isatty() or progress.of <= 0:
            return
        if self._bar is None:
            self._bar = click.progressbar(length=progress.of, file=sys.stderr)
            self._bar.render_progress()
        self._bar.length = progress.of
        self._bar.update(progress.done - self._bar.pos)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
