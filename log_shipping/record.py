"""A record while its block runs."""

import asyncio
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from log_shipping.context import innermost
from log_shipping.encoding import Document
from log_shipping.fields import Fields, get_deep, set_deep
from log_shipping.handler import RecordHandler
from log_shipping.names import resolve
from log_shipping.process import process
from log_shipping.schema import CORE
from log_shipping.values import text_of

SPAN_DIGITS = 16  # hexadecimal; the span is the start of the event_id
FRAMES = 40  # innermost calls that error_stack keeps


class Record:
    """What happens in one block, written as one line when the block ends.

    Args:
        handler: what writes it.
        name: as `log_shipping.names` tells.
        job_id: the id of the whole tree of records; a root's default is its ``event_id``.
        given: the fields to start with; core names (``handle``, ``attempt``) are core fields.

    Attributes:
        type: the full name.
        task: the type of the root, or what ``task=`` said.
        outer: the record around this one when it was made.
    """

    __slots__ = (
        "_core",
        "_fields",
        "_finished",
        "_forks",
        "_handler",
        "_started",
        "_wall",
        "event_id",
        "id",
        "outer",
        "parent",
        "sampled",
        "span",
        "task",
        "type",
    )

    def __init__(
        self, handler: RecordHandler, name: str, job_id: str | None, given: Mapping[str, Any]
    ) -> None:
        self.outer = outer = innermost.get()
        self.event_id = process.new_id()
        self.span = self.event_id[:SPAN_DIGITS]
        self.type, parent = resolve(name, outer)
        self._core: dict[str, Any] = {}
        self._fields: Fields = {}
        if parent is None:
            self.id = job_id or self.event_id
            self.task = self.type
            self.sampled = True
        else:
            self.id = job_id or parent.id
            self.task = parent.task
            self.sampled = parent.sampled
            self._core["parent"] = parent.span
        if given:
            self._start_with(given)
        self.parent = parent
        self._handler = handler
        self._forks = process.forks
        self._finished = False
        self._wall = time.time()
        self._started = time.perf_counter()

    def _start_with(self, given: Mapping[str, Any]) -> None:
        for name, value in given.items():
            if name == "task":
                self.task = value
            elif name in CORE:
                self._core[name] = value
            else:
                self._fields[name] = value

    def set(self, key: str | None = None, /, *values: Any, **fields: Any) -> None:
        """Set ``key`` (dotted: nested) to the value, to the list of several, or to the fields.

        ``set("image.bytes", 10)``, ``set("sizes", 10, 20)``, ``set("image", width=1, height=2)``,
        ``set(width=1)``.
        """
        if values:
            value = values[0] if len(values) == 1 else values
            if "." in key:  # type: ignore[operator]  # with values there is a key
                set_deep(self._fields, key, value)  # type: ignore[arg-type]
            else:
                self._fields[key] = value  # type: ignore[index]
        elif key is None:
            self._fields.update(fields)
        else:
            for name, value in fields.items():
                set_deep(self._fields, f"{key}.{name}", value)

    def add(self, key: str, number: Any) -> None:
        """Add to a number, which starts at 0."""
        set_deep(self._fields, key, get_deep(self._fields, key, 0) + number)

    def append(self, key: str, value: object) -> None:
        """Append to a list, which starts empty."""
        found = get_deep(self._fields, key)
        if type(found) is list:
            found.append(value)
        else:
            set_deep(self._fields, key, [value] if found is None else [found, value])

    @contextmanager
    def timer(self, key: str) -> Iterator[None]:
        """Add what the block takes, in milliseconds, to the field ``KEY_ms``."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(f"{key}_ms", round((time.perf_counter() - started) * 1e3, 3))

    def start(self) -> Self:
        """Make this the current record; ``with`` does it."""
        innermost.set(self)
        return self

    def stop(self) -> None:
        """Make the record around it the current one again, without ending this one."""
        # Not ContextVar.reset: that raises where start was called in another context.
        innermost.set(self.outer)

    def done(self, error: BaseException | None = None) -> None:
        """End it and write it, once; ``with`` does it."""
        self.stop()
        # A forked child leaves its parent's blocks too; the record is the parent's to write.
        if self._finished or not self.sampled or self._forks != process.forks:
            return
        self._finished = True
        elapsed_ms = (time.perf_counter() - self._started) * 1e3
        self._handler.ship(self._document(elapsed_ms, error))

    def _document(self, elapsed_ms: float, error: BaseException | None) -> Document:
        document: Document = {
            "ts": datetime.fromtimestamp(self._wall, UTC),
            "level": "INFO",
            "type": self.type,
            "event_id": self.event_id,
            "id": self.id,
            "span": self.span,
            "task": self.task,
            **self._core,
            "outcome": "success",
            "duration_ms": round(elapsed_ms, 3),
            **self._handler.formatter.static,
        }
        if error is not None:
            document |= _ending(error)
        if self._fields:
            document["fields"] = self._fields
        return document

    def __enter__(self) -> Self:
        innermost.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.done(error)

    def __bool__(self) -> bool:
        return True


def _ending(error: BaseException) -> Document:
    """The outcome that an exception means."""
    if isinstance(error, SystemExit):
        if error.code in (None, 0):
            return {}
        return {
            "level": "ERROR",
            "outcome": "failure",
            "error_type": "SystemExit",
            "error_message": text_of(error.code),
        }
    unknown = isinstance(error, KeyboardInterrupt | GeneratorExit | asyncio.CancelledError)
    return {
        "level": "WARNING" if unknown else "ERROR",
        "outcome": "unknown" if unknown else "failure",
        "error_type": type(error).__name__,
        "error_message": text_of(error),
        "error_stack": _stack(error),
    }


def _stack(error: BaseException) -> str:
    try:
        # A negative limit keeps the innermost calls, where the error arose.
        return "".join(traceback.format_exception(error, limit=-FRAMES))
    except Exception as second:
        return f"<no stack: {type(second).__name__}>"
