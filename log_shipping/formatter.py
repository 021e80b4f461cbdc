"""The JSON formatter: python-json-logger's, for task records and ordinary log lines alike."""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Optional

import orjson
from pythonjsonlogger.orjson import OrjsonFormatter

from log_shipping.context import bound_fields, current_record
from log_shipping.encoding import OPTIONS, Document, careful, shortened
from log_shipping.process import HOST, new_id, on_fork
from log_shipping.profiles import PROFILES
from log_shipping.redaction import masked, redactor
from log_shipping.schema import CORE, GIVEN, VERSION
from log_shipping.values import json_form, text_of

MAX_BYTES = 8000  # of a line; rsyslog cuts at 8 KiB, with the syslog header
TASK_RECORD = "task_record"  # the attribute of a LogRecord that carries a task's record
MOST_TEMPLATES = 1000  # types of records that are kept ready; more are made each time

# What python-json-logger's options do to the extra fields of a log line, they do here as well.
HONOURED = {"rename_fields", "static_fields", "defaults", "reserved_attrs"}
_OF_THE_FORM = CORE | {"asctime", "levelname", "levelno", "name", "timestamp", "exc_info"}

Processor = Callable[[Document], Optional[Document]]
"""Takes a record, and gives what is written instead of it: the same, another, or None."""

_formatters: weakref.WeakSet[JsonFormatter] = weakref.WeakSet()


class JsonFormatter(OrjsonFormatter):
    """Writes records as lines of JSON.

    Args:
        profile: ``flat``, ``ecs`` or ``otel``.
        fields: of every record: core names (``service``, ``worker``) replace the defaults, others
            go under ``fields``.
        redact: globs of the fields whose values are replaced.
        mask: replace what looks like a secret, as `log_shipping.redaction` tells.
        processors: called with each record, in their order, before anything is redacted.
        max_bytes: longest line; longer records are cut and marked ``truncated``.
        options: of python-json-logger's formatter: those of `HONOURED`, for the extra fields of
            ordinary log lines. `logging.config` gives ``fmt``, ``datefmt``, ``style`` as well.

    Raises:
        ValueError: there is no such profile, or an option that would spoil the form.

    Attributes:
        static: the core fields that are the same in every record of this process.
        templates: what `template` has made, by type.
        plain: whether a record is written as it stands, if it fits and orjson takes it.
    """

    def __init__(
        self,
        fmt: str | None = None,
        datefmt: str | None = None,
        style: str = "%",
        validate: bool = True,
        *,
        profile: str = "flat",
        fields: Mapping[str, object] | None = None,
        redact: Sequence[str] = (),
        mask: bool = False,
        processors: Sequence[Processor] = (),
        max_bytes: int = MAX_BYTES,
        **options: Any,  # checked: only those that python-json-logger takes are left
    ) -> None:
        if profile not in PROFILES:
            raise ValueError(f"no profile {profile!r}: choose from {', '.join(PROFILES)}")
        _check(options, format=fmt, datefmt=datefmt)
        super().__init__(**options)
        self._shape = PROFILES[profile]
        self._redact = redactor(redact) if redact else None
        self._mask = masked if mask else None
        self._processors = tuple(processors)
        self.max_bytes = max_bytes
        given = dict(fields or {})
        self._own = {name: value for name, value in given.items() if name not in CORE}
        core = {"host": HOST, "service": "gearmang", "v": VERSION} | {
            name: value for name, value in given.items() if name in CORE
        }
        self.static: Document = {**core, "pid": os.getpid()}
        self.plain = not (self._own or self._shape or self._redact or mask or processors)
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
            # What is no full name yet, such as ``.x``, is not found here by a new record.
            if len(self.templates) < MOST_TEMPLATES and kind[:1] not in {".", "^"}:
                self.templates[kind] = found
        return found

    def encode(self, document: Document) -> bytes | None:
        """One record as a line of JSON with its newline; what its fields hold never raises.

        None where a processor wants it not to be written.

        Raises:
            Exception: whatever a processor raises: what it should have taken out is not written.
        """
        if not self.plain:
            processed: Document | None = document
            for process in self._processors:
                processed = process(document)
                if processed is None:
                    return None
                document = processed
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
        if self._mask is not None:
            document = self._mask(orjson.loads(_line(document)))
        return document if self._shape is None else self._shape(document)

    def document(self, record: logging.LogRecord) -> Document:
        """An ordinary log line as a record; inside a task it carries the task's id."""
        document: Document = {
            "ts": datetime.fromtimestamp(record.created, timezone.utc),
            "level": record.levelname,
            "logger": record.name,
            "event_id": new_id(),
        }
        current = current_record()
        if current is not None:
            document.update(id=current.id, span=current.span, task=current.task)
        document |= self.static
        bound = bound_fields.get() or {}
        document.update({name: value for name, value in bound.items() if name in GIVEN})
        message = record.msg if isinstance(record.msg, dict) else {}
        document["message"] = record.message = _message(record, message)
        fields = self._fields_of(record, message)
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None and record.exc_info:
            document.update(
                error_type=type(error).__name__,
                error_message=text_of(error),
                error_stack=self.formatException(record.exc_info),
            )
        elif record.exc_text:
            document["error_stack"] = record.exc_text
        if fields:
            document["fields"] = fields
        return document

    def _fields_of(self, record: logging.LogRecord, message: dict[str, Any]) -> Document:
        """The extra fields of a log line, and those of a dictionary logged as its message."""
        bound = bound_fields.get() or {}
        fields: Document = {name: value for name, value in bound.items() if name not in GIVEN}
        self.add_fields(fields, record, message)
        fields.pop("message", None)
        extra = fields.get("extra")
        if isinstance(extra, dict):  # as loguru hands them over
            del fields["extra"]
            fields |= extra
        if record.stack_info:
            fields["stack_info"] = self.formatStack(record.stack_info)
        return self.process_log_record(fields)

    def format(self, record: logging.LogRecord) -> str:
        """One line, without its newline; empty where a processor wants none."""
        document = getattr(record, TASK_RECORD, None) or self.document(record)
        return (self.encode(document) or b"").decode().rstrip("\n")


def _check(options: Mapping[str, Any], **form: str | None) -> None:
    """Refuse what would have no effect, or would spoil the form that readers rely on."""
    given = sorted({name for name, value in form.items() if value} | set(options) - HONOURED)
    if given:
        raise ValueError(
            f"JsonFormatter takes no {', '.join(given)}: a record has the form of its profile;"
            f" of python-json-logger's options it takes {', '.join(sorted(HONOURED))}"
        )
    renamed = sorted(_OF_THE_FORM & set(options.get("rename_fields") or ()))
    if renamed:
        raise ValueError(
            f"rename_fields cannot rename {', '.join(renamed)}: the core fields of a record keep"
            " their names, only its extra fields have others; choose another profile"
        )


def _line(document: Document) -> bytes:
    try:
        return orjson.dumps(document, json_form, OPTIONS)
    except Exception:  # cycles, tuple keys, lone surrogates, integers of 65 bits
        return careful(document)


def _message(record: logging.LogRecord, fields: Mapping[str, object]) -> str:
    if isinstance(record.msg, dict):
        return text_of(fields.get("message", ""))
    try:
        return record.getMessage()
    except Exception:  # arguments that do not fit the message: both are kept as they came
        return f"{record.msg} {record.args!r}"


def _after_fork() -> None:
    for formatter in list(_formatters):
        formatter.after_fork()


on_fork(_after_fork)
