"""Records and the current record, as functions that any code can call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, Union

from log_shipping.configuration import handler_of_environment, settings
from log_shipping.context import OpenRecord, current_record, innermost, still_open
from log_shipping.fields import Fields, set_deep
from log_shipping.handler import RecordHandler
from log_shipping.names import check
from log_shipping.process import new_id
from log_shipping.record import MISSING, SPAN_DIGITS, Record
from log_shipping.sampling import Sample
from log_shipping.schema import CORE
from log_shipping.silent import SILENT, SilentRecord
from log_shipping.values import text_of

AnyRecord = Union[Record, SilentRecord]


def record(
    name: str,
    /,
    *,
    id: str | None = None,  # noqa: A002  # the field's name
    sample: Sample | None = None,
    **fields: Any,  # a field holds whatever the task gives it
) -> AnyRecord:
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
    if not isinstance(name, str) or name[:2] == ".." or not name:
        check(name)
    if handler is None:
        return SILENT
    try:
        return Record(handler, name, id, sample, fields)
    except Exception as error:
        return _unmade(handler, error)


def _unmade(handler: RecordHandler, error: Exception) -> SilentRecord:
    """Nothing of a task fails because its record cannot be made: that one is dropped."""
    handler.complain(error)
    handler.drop(1)
    return SILENT


def current() -> OpenRecord | SilentRecord:
    """The innermost open record of this thread or asyncio task; a false, silent one without."""
    return current_record() or SILENT


def set(  # noqa: A001  # BlueOx's name
    key: str = "", value: object = MISSING, /, *more: object, **fields: object
) -> None:
    """`Record.set` on the current record; nothing without one."""
    found = innermost.get()  # not current_record(): this is called most
    if found is not None and found.ended:
        found = still_open(found)
    if found is None:
        return
    if more or fields or value is MISSING:
        found.set(key, *(() if value is MISSING else (value, *more)), **fields)
    else:
        found.set(key, value)  # the usual case, without the cost of the other


def add(key: str, number: object) -> None:
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
    ) -> AnyRecord:
        """A record of the block that follows: ``with tasks.record(id=job_id) as record:``."""
        handler = settings.handler
        if handler is None:
            handler = handler_of_environment()
            if handler is None:
                return SILENT
        try:
            return Record(handler, self.task, id, sample, fields)
        except Exception as error:
            return _unmade(handler, error)

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
        try:
            document = handler.json_formatter.template(self.task) | _told(fields)
            document["ts"] = datetime.fromtimestamp(started_at, timezone.utc)
            document["level"] = "INFO" if outcome == "success" else "ERROR"
            document["outcome"] = outcome
            document["duration_ms"] = round(float(duration_ms), 3)
            handler.ship(document)
        except Exception as error:
            _unmade(handler, error)


def _told(fields: dict[str, Any]) -> Fields:
    """What `emit` is told of a record, and the ids that it is not."""
    event_id = text_of(fields.get("event_id") or new_id())
    found: Fields = {
        "event_id": event_id,
        "id": event_id,
        "span": event_id[:SPAN_DIGITS],
        **{name: value for name, value in fields.items() if name in CORE},
    }
    own: Fields = {}
    for name, value in fields.items():
        if name not in CORE:
            set_deep(own, name, value)
    if own:
        found["fields"] = own
    return found
