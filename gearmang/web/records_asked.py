"""Questions about records, each asked in a process of its own that can be ended.

DuckDB takes hundreds of megabytes and as long as it takes; the page has neither. What is not there
in time is asked on in the background, and is there at the next look.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Final, NamedTuple

import orjson

PATIENCE: Final = 1.2  # seconds that a page waits for one answer
_LONGEST: Final = 60.0  # seconds until a question is given up
_KEPT_FOR: Final = 20.0  # seconds that an answer is good for
_MOST_KEPT: Final = 64
_AT_ONCE: Final = 2  # processes
_START: Final = "import sys; from gearmang.cli import main; main(sys.argv[1:])"


class Found(NamedTuple):
    """An answer.

    Attributes:
        rows: as ``gearmang logs … --json`` prints them.
        problem: why there are none, as a sentence.
    """

    rows: Sequence[dict[str, Any]] = ()
    problem: str | None = None


class Records:
    """Answers to the questions of `gearmang logs`, kept for a while.

    Args:
        places: where the records are.
    """

    def __init__(self, places: Sequence[str]) -> None:
        self._places = [f"--records={place}" for place in places]
        self._asked: OrderedDict[tuple[str, ...], tuple[float, Future[Found]]] = OrderedDict()
        self._lock = threading.Lock()
        self._askers = ThreadPoolExecutor(_AT_ONCE, "records")
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def close(self) -> None:
        """End the processes that still count."""
        self._closed = True
        self._askers.shutdown(wait=False, cancel_futures=True)
        for process in [*self._running]:
            process.kill()

    def ask(self, *arguments: str, deadline: float | None = None) -> Found:
        """The answer of ``gearmang logs ARGUMENTS --json``.

        Args:
            deadline: of the monotonic clock; None: `PATIENCE` from now.
        """
        if not self._places:
            return Found(problem="No place of records was named: start the page with --records.")
        if any("\0" in argument for argument in arguments):
            return Found(problem="No record has a NUL in its name.")
        until = time.monotonic() + PATIENCE if deadline is None else deadline
        try:
            return self._future(arguments).result(max(0.0, until - time.monotonic()))
        except NotYet:
            return Found(problem="Still being counted: look again in a moment.")

    def _future(self, arguments: tuple[str, ...]) -> Future[Found]:
        now = time.monotonic()
        with self._lock:
            asked = self._asked.get(arguments)
            if asked is not None and (not asked[1].done() or now - asked[0] < _KEPT_FOR):
                return asked[1]
            future = self._askers.submit(self._answer, arguments)
            self._asked[arguments] = now, future
            self._asked.move_to_end(arguments)
            while len(self._asked) > _MOST_KEPT:
                self._asked.popitem(last=False)[1][1].cancel()
            return future

    def _answer(self, arguments: Sequence[str]) -> Found:
        command = [sys.executable, "-c", _START, "logs", *arguments, *self._places, "--json"]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            self._running.add(process)
            try:
                output, errors = process.communicate(timeout=_LONGEST)
            except subprocess.TimeoutExpired:
                process.kill()
                return Found(problem=f"It took more than {_LONGEST:g} s; choose a shorter window.")
            finally:
                self._running.discard(process)
                if process.poll() is None:
                    process.kill()
        if process.returncode != 0:
            lines = errors.decode("utf-8", "replace").strip().splitlines()
            return Found(problem=lines[-1].removeprefix("gearmang: ") if lines else "It failed.")
        try:
            rows = orjson.loads(output)
        except ValueError:
            return Found(problem="The answer was no JSON.")
        return Found(rows if isinstance(rows, list) else [rows])
