"""Records and the current record, as functions that any code can call."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar, cast

from log_shipping.configuration import handler_of_environment, settings
from log_shipping.context import innermost
from log_shipping.fields import Fields, set_deep
from log_shipping.names import check
from log_shipping.process import new_id
from log_shipping.record import SPAN_DIGITS, Record
from log_shipping.sampling import Sample
from log_shipping.schema import CORE
from log_shipping.silent import SILENT, SilentRecord

P = ParamSpec("P")
R = TypeVar("R")


def record(
    name: str,
    /,
    *,
    id: str | None = None,  # noqa: A002  # the field's name
    sample: Sample | None = None,
    **fields: Any,
) -> Record | SilentRecord:
    """A record of the block that follows: ``with record("resize", image="a.png") as r:``.

    Args:
        name: ``x``, ``.x`` under the current record, ``^.x`` under the outermost,
            ``a.b.c`` under the longest open prefix.
        id: of the tree of records; children have their root's.
        fields: to start with; core names (``handle``, ``attempt``, ``task``) are core fields.

    Raises:
        ValueError: the name is none, such as ``..x``; raised whether configured or not.
    """
    handler = settings.handler
    if handler is None and not settings.decided:
        handler = handler_of_environment()
    if name[:2] == ".." or not name:
        check(name)
    if handler is None:
        return SILENT
    return Record(handler, name, id, sample, fields)


def logged(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Record each call of a function, or of a coroutine function: ``@logged("resize")``."""
    check(name)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                with record(name):
                    return await function(*args, **kwargs)

            return cast(Callable[P, R], awaited)

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with record(name):
                return function(*args, **kwargs)

        return called

    return decorate


def current() -> Record | SilentRecord:
    """The innermost open record of this thread or asyncio task; a false, silent one without."""
    return innermost.get() or SILENT


def set(key: str = "", /, *values: Any, **fields: Any) -> None:  # noqa: A001  # BlueOx's name
    """`Record.set` on the current record; nothing without one."""
    found = innermost.get()
    if found is not None:
        found.set(key, *values, **fields)


def add(key: str, number: Any) -> None:
    """`Record.add` on the current record; nothing without one."""
    current().add(key, number)


def append(key: str, value: object) -> None:
    """`Record.append` on the current record; nothing without one."""
    current().append(key, value)


@contextmanager
def timer(key: str) -> Iterator[None]:
    """`Record.timer` on the current record; nothing without one."""
    with current().timer(key):
        yield


class TaskLogger:
    """Records of one task.

    Args:
        task: the name of the task; low cardinality, such as ``resize``.
    """

    def __init__(self, task: str) -> None:
        self.task = check(task)

    def record(
        self,
        *,
        id: str | None = None,  # noqa: A002  # the field's name
        sample: Sample | None = None,
        **fields: Any,
    ) -> Record | SilentRecord:
        """A record of the block that follows: ``with tasks.record(id=job_id) as record:``."""
        handler = settings.handler
        if handler is None:
            handler = handler_of_environment()
            if handler is None:
                return SILENT
        return Record(handler, self.task, id, sample, fields)

    def emit(self, *, outcome: str, started_at: float, duration_ms: float, **fields: Any) -> None:
        """Write a record of what ended elsewhere, such as a task that was killed from outside.

        Args:
            outcome: ``success``, ``failure`` or ``unknown``.
            started_at: in seconds since the epoch.
            duration_ms: in milliseconds.
            fields: core names (``id``, ``error_type``) are core fields.
        """
        handler = settings.handler or handler_of_environment()
        if handler is None:
            return
        event_id = new_id()
        own: Fields = {}
        for name, value in fields.items():
            if name not in CORE:
                set_deep(own, name, value)
        document = handler.formatter.template(self.task) | {
            "ts": datetime.fromtimestamp(started_at, UTC),
            "level": "INFO" if outcome == "success" else "ERROR",
            "event_id": event_id,
            "id": event_id,
            "span": event_id[:SPAN_DIGITS],
            "outcome": outcome,
            "duration_ms": round(duration_ms, 3),
            **{name: value for name, value in fields.items() if name in CORE},
        }
        if own:
            document["fields"] = own
        handler.ship(document)
