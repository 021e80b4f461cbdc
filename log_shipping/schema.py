"""What each field of a record is; docs/records.schema.json is made from it."""

from __future__ import annotations

from typing import Any

VERSION = 1  # of the record's form, in the field v

_HEX = "^[0-9a-f]{%d}$"
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_MS = {"type": "number", "minimum": 0}

FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "ts": ({"type": "string", "format": "date-time"}, "when the block started, in UTC"),
    "level": (_TEXT, "INFO, WARNING or ERROR; of a log line its own"),
    "logger": (_TEXT, "the name of a log line's logger"),
    "type": (_TEXT, "what happened: the record's full name, such as resize.db"),
    "event_id": ({"type": "string", "pattern": _HEX % 32}, "different for every record"),
    "id": (_TEXT, "the same for a record and all below it, and for the attempts of one job"),
    "span": ({"type": "string", "pattern": _HEX % 16}, "this record among those of its id"),
    "parent": ({"type": "string", "pattern": _HEX % 16}, "the span of the record around it"),
    "task": (_TEXT, "the function that the job was queued under"),
    "handle": (_TEXT, "gearmand's name for the job"),
    "worker": (_TEXT, "the worker's client id"),
    "outcome": ({"enum": ["success", "failure", "unknown"]}, "how the block ended"),
    "duration_ms": (_MS, "how long the block took, by the monotonic clock"),
    "workload_bytes": (_COUNT, "the size of the job's payload"),
    "queue_ms": ({"type": "number"}, "from submission to start, by the clocks of two hosts"),
    "attempt": ({"type": "integer", "minimum": 1}, "which attempt of the job"),
    "sample_rate": (
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "the share of such records that is written",
    ),
    "message": (_TEXT, "of a log line"),
    "error_type": (_TEXT, "the exception's class or the signal's name"),
    "error_message": (_TEXT, "the exception's text"),
    "error_stack": (_TEXT, "the exception's traceback"),
    "host": (_TEXT, "the host that wrote the record"),
    "pid": (_COUNT, "the process that wrote it"),
    "service": (_TEXT, "what the worker belongs to"),
    "v": ({"const": VERSION}, "the version of this form"),
    "dropped": (_COUNT, "records that this process could not write since its last one"),
    "truncated": ({"const": True}, "the record was too long and has been cut"),
    "left_out": (_COUNT, "of a record that was cut: how many of its fields went whole"),
    "fields": ({"type": "object"}, "what the task itself recorded"),
}

CORE = frozenset(FIELDS) - {"fields"}
"""The fields with a meaning of their own; all others lie under ``fields``."""

GIVEN = CORE - {
    *("ts", "type", "event_id", "id", "span", "parent", "duration_ms", "outcome"),
    *("sample_rate", "pid", "v", "dropped", "truncated", "left_out"),
}
"""The core fields that a caller may give; the others are found out."""

REQUIRED = ("ts", "level", "event_id", "host", "pid", "service", "v")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a record in the flat form, as docs/records.schema.json has it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A task record of gearmang",
        "type": "object",
        "properties": {
            name: {**form, "description": meaning} for name, (form, meaning) in FIELDS.items()
        },
        "required": list(REQUIRED),
        "additionalProperties": False,
    }
