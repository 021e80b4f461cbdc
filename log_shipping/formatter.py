"""The JSON formatter: python-json-logger's, for task records and ordinary log lines alike."""

import logging
import os
import weakref
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from pythonjsonlogger.orjson import OrjsonFormatter

from log_shipping.context import innermost
from log_shipping.encoding import OPTIONS, Document, careful, shortened
from log_shipping.process import HOST, new_id, on_fork
from log_shipping.profiles import PROFILES
from log_shipping.redaction import redactor
from log_shipping.schema import CORE, VERSION
from log_shipping.values import json_form, text_of

MAX_BYTES = 8000  # of a line; rsyslog cuts at 8 KiB, with the syslog header
TASK_RECORD = "task_record"  # the attribute of a LogRecord that carries a task's record
MOST_TEMPLATES = 1000  # types of records that are kept ready; more are made each time

_formatters: "weakref.WeakSet[JsonFormatter]" = weakref.WeakSet()


class JsonFormatter(OrjsonFormatter):
    """Writes records as lines of JSON.

    Args:
        profile: ``flat``, ``ecs`` or ``otel``.
        fields: of every record: core names (``service``, ``worker``) replace the defaults, others
            go under ``fields``.
        redact: globs of the fields whose values are replaced.
        max_bytes: longest line; longer records are cut and marked ``truncated``.
        options: of python-json-logger's formatter, which apply to ordinary log lines.

    Raises:
        ValueError: there is no such profile.

    Attributes:
        static: the core fields that are the same in every record of this process.
        templates: what `template` has made, by type.
        plain: whether a record is written as it stands, if it fits and orjson takes it.
    """

    def __init__(
        self,
        *,
        profile: str = "flat",
        fields: Mapping[str, object] | None = None,
        redact: Sequence[str] = (),
        max_bytes: int = MAX_BYTES,
        **options: Any,
    ) -> None:
        if profile not in PROFILES:
            raise ValueError(f"no profile {profile!r}: choose from {', '.join(PROFILES)}")
        super().__init__(**options)
        self._shape = PROFILES[profile]
        self._redact = redactor(redact) if redact else None
        self.max_bytes = max_bytes
        given = dict(fields or {})
        self._own = {name: value for name, value in given.items() if name not in CORE}
        core = {"host": HOST, "service": "gearmang", "v": VERSION} | {
            name: value for name, value in given.items() if name in CORE
        }
        self.static: Document = {**core, "pid": os.getpid()}
        self.plain = not (self._own or self._shape or self._redact)
        self.templates: dict[str, Document] = {}
        _formatters.add(self)

    def after_fork(self) -> None:
        """In a forked child: say the child's pid."""
        self.static["pid"] = os.getpid()
        self.templates.clear()

    def template(self, kind: str) -> Document:
        """A record of the type, to copy; only what is found out at run time is missing."""
        found = self.templates.get(kind)
        if found is None:
            found = {
                **dict.fromkeys(("ts", "level", "type", "event_id", "id", "span", "task")),
                **self.static,
                "level": "INFO",
                "type": kind,
                "task": kind,
                "outcome": "success",
                "duration_ms": 0.0,
            }
            if len(self.templates) < MOST_TEMPLATES:
                self.templates[kind] = found
        return found

    def encode(self, document: Document) -> bytes:
        """One record as a line of JSON with its newline; what its fields hold never raises."""
        if not self.plain:
            document = self._shaped(document)
        line = _line(document)
        return line if len(line) <= self.max_bytes else shortened(document, self.max_bytes)

    def _shaped(self, document: Document) -> Document:
        fields = {**self._own, **document.get("fields", {})}
        if self._redact is not None and fields:
            # Made plain first: a secret may hide in an object that only the encoder opens.
            fields = self._redact(orjson.loads(_line(fields)))
        if fields:
            document = {**document, "fields": fields}
        return document if self._shape is None else self._shape(document)

    def document(self, record: logging.LogRecord) -> Document:
        """An ordinary log line as a record; inside a task it carries the task's id."""
        document: Document = {
            "ts": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "event_id": new_id(),
        }
        current = innermost.get()
        if current is not None:
            document.update(id=current.id, span=current.span, task=current.task)
        document |= self.static
        found: dict[str, Any] = {}
        message = record.msg if isinstance(record.msg, dict) else {}
        document["message"] = record.message = "" if message else _message(record)
        self.add_fields(found, record, message)
        found.pop("message", None)
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            document.update(
                error_type=type(error).__name__,
                error_message=text_of(error),
                error_stack=self.formatException(record.exc_info),
            )
        found = self.process_log_record(found)
        if found:
            document["fields"] = found
        return document

    def format(self, record: logging.LogRecord) -> str:
        document = getattr(record, TASK_RECORD, None) or self.document(record)
        return self.encode(document).decode().rstrip("\n")


def _line(document: Document) -> bytes:
    try:
        return orjson.dumps(document, json_form, OPTIONS)
    except Exception:  # cycles, tuple keys, lone surrogates, integers of 65 bits
        return careful(document)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # arguments that do not fit the message: both are kept as they came
        return f"{record.msg} {record.args!r}"


def _after_fork() -> None:
    for formatter in list(_formatters):
        formatter.after_fork()


on_fork(_after_fork)
