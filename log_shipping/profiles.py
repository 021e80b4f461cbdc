"""The forms of a record: flat, ECS (Elastic Common Schema 8), OTel (OpenTelemetry's log model).

Flat is what `gearmang logs` reads. The other two rename and convert for other readers, as their
field references say: https://www.elastic.co/docs/reference/ecs and
https://opentelemetry.io/docs/specs/otel/logs/data-model/. What they have no name for keeps its
own, under ``labels`` (ECS) or among the attributes under ``gearmang.`` (OTel).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from log_shipping.encoding import Document

ECS = {
    "ts": "@timestamp",
    "level": "log.level",
    "logger": "log.logger",
    "message": "message",
    "type": "event.action",
    "event_id": "event.id",
    "outcome": "event.outcome",
    "id": "trace.id",
    "span": "span.id",
    "error_type": "error.type",
    "error_message": "error.message",
    "error_stack": "error.stack_trace",
    "host": "host.name",
    "pid": "process.pid",
    "service": "service.name",
}
OTEL_ATTRIBUTES = {
    "task": "messaging.destination.name",
    "handle": "messaging.message.id",
    "worker": "messaging.client.id",
    "workload_bytes": "messaging.message.body.size",
    "error_type": "error.type",
    "error_message": "exception.message",
    "error_stack": "exception.stacktrace",
    "event_id": "log.record.uid",
}
OTEL_RESOURCE = {"host": "host.name", "pid": "process.pid", "service": "service.name"}
OTEL_SEVERITY = {"DEBUG": 5, "INFO": 9, "WARNING": 13, "ERROR": 17, "CRITICAL": 21}
_TRACE_ID = re.compile("[0-9a-f]{32}")


def ecs(document: Document) -> Document:
    """The record in ECS: nested names, the duration in integer nanoseconds."""
    made: Document = {"ecs": {"version": "8.11.0"}}
    labels: dict[str, Any] = {}
    for name, value in document.items():
        if name == "duration_ms":
            _put(made, "event.duration", round(value * 1e6))
        elif name == "fields":
            made["fields"] = value
        elif name in ECS:
            _put(made, ECS[name], value)
        else:
            labels[name] = value
    if labels:
        made["labels"] = labels
    return made


def otel(document: Document) -> Document:
    """The record in OpenTelemetry's log data model: the duration in seconds."""
    made: Document = {
        "Timestamp": document.get("ts"),
        "SeverityText": document.get("level"),
        "SeverityNumber": OTEL_SEVERITY.get(str(document.get("level")), 0),
    }
    attributes: dict[str, Any] = {"messaging.system": "gearman"}
    resource: dict[str, Any] = {}
    for name, value in document.items():
        if name == "type":
            made["EventName"] = value
        elif name == "message":
            made["Body"] = value
        elif name == "logger":
            made["InstrumentationScope"] = {"Name": value}
        elif name == "span":
            made["SpanId"] = value
        elif name == "id" and _TRACE_ID.fullmatch(str(value)):
            made["TraceId"] = value
        elif name == "duration_ms":
            attributes["messaging.process.duration"] = value / 1000
        elif name == "fields":
            attributes |= _flattened(value, "")
        elif name in OTEL_RESOURCE:
            resource[OTEL_RESOURCE[name]] = value
        elif name in OTEL_ATTRIBUTES:
            attributes[OTEL_ATTRIBUTES[name]] = value
        elif name not in {"ts", "level"}:
            attributes[f"gearmang.{name}"] = value
    return made | {"Resource": resource, "Attributes": attributes}


PROFILES: dict[str, Callable[[Document], Document] | None] = {
    "flat": None,
    "ecs": ecs,
    "otel": otel,
}


def _put(document: Document, key: str, value: object) -> None:
    *way, last = key.split(".")
    for part in way:
        document = document.setdefault(part, {})
    document[last] = value


def _flattened(fields: Any, prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat |= _flattened(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
