"""Records as OpenTelemetry spans.

Names and attributes are those of the semantic conventions for messaging, version 1.30, which are
still "Development": https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/. What
they have no name for is under ``gearman.``. Needs ``gearmang[otel]``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any  # a field may hold anything

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from log_shipping.profiles import OTEL_ATTRIBUTES, OTEL_RESOURCE

SCHEMA = "https://opentelemetry.io/schemas/1.30.0"

_SCOPE = InstrumentationScope("log_shipping", schema_url=SCHEMA)
_TRACE_ID = re.compile("[0-9a-f]{32}")
_PLACED = {"ts", "id", "span", "parent", "type", "duration_ms", "fields", "level", "event_id"}


def span_of(record: Mapping[str, Any], links: Sequence[Link] = ()) -> ReadableSpan:
    """The span that tells what a record in the flat form does.

    Args:
        record: its ``ts`` is a datetime or RFC 3339 text in UTC.
        links: to the spans of other attempts of the same job.
    """
    started = _nanoseconds(record["ts"])
    root = "parent" not in record
    context = context_of(record)
    outcome = record.get("outcome")
    failed = outcome not in (None, "success")
    name = f"process {record.get('task') or record['type']}" if root else str(record["type"])
    return ReadableSpan(
        name=name,
        context=context,
        parent=None if root else _context(context.trace_id, record["parent"]),
        kind=SpanKind.CONSUMER if root else SpanKind.INTERNAL,
        resource=Resource(
            {OTEL_RESOURCE[key]: record[key] for key in OTEL_RESOURCE if key in record}
        ),
        attributes=_attributes(record, root=root),
        links=tuple(links),
        status=Status(StatusCode.ERROR, str(record.get("error_message", "")))
        if failed
        else Status(),
        start_time=started,
        end_time=started + round(float(record.get("duration_ms", 0)) * 1e6),
        instrumentation_scope=_SCOPE,
    )


def context_of(record: Mapping[str, Any]) -> SpanContext:
    """Which span the record is; an ``id`` that is no trace id gives one that is always the same."""
    identity = str(record["id"]).replace("-", "").lower()
    if not _TRACE_ID.fullmatch(identity) or not int(identity, 16):
        identity = hashlib.blake2b(str(record["id"]).encode(), digest_size=16).hexdigest()
    return _context(int(identity, 16), record["span"])


def _context(trace_id: int, span: str) -> SpanContext:
    return SpanContext(trace_id, int(span, 16), is_remote=False, trace_flags=TraceFlags(1))


def _attributes(record: Mapping[str, Any], *, root: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"messaging.system": "gearman"}
    if root:
        found["messaging.operation.name"] = found["messaging.operation.type"] = "process"
    for name, value in record.items():
        if name in OTEL_ATTRIBUTES:
            found[OTEL_ATTRIBUTES[name]] = value
        elif name not in _PLACED and name not in OTEL_RESOURCE:
            found[f"gearman.{name}"] = value
    found["messaging.message.id"] = str(record["id"])  # the job's, the same for all attempts
    if "handle" in record:
        found["gearman.handle"] = record["handle"]
    return found | _flattened(record.get("fields", {}), "")


def _flattened(fields: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat |= _flattened(value, f"{prefix}{name}.")
        elif isinstance(value, (str, bool, int, float)):
            flat[f"{prefix}{name}"] = value if _fits(value) else str(value)
        elif value is not None:
            flat[f"{prefix}{name}"] = str(value)
    return flat


def _fits(value: object) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _nanoseconds(ts: datetime | str) -> int:
    moment = datetime.fromisoformat(ts.replace("Z", "+00:00")) if isinstance(ts, str) else ts
    # Not by a float: it has no room for nanoseconds since 1970.
    return int(moment.timestamp()) * 10**9 + moment.microsecond * 1000
