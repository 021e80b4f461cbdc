"""ECS and OpenTelemetry, against the names that their references define."""

from __future__ import annotations

import json
from typing import Any

import log_shipping
from log_shipping import record
from tests.unit.log_shipping.conftest import Written

# Elastic Common Schema 8.11: the fields that a record uses, with their types.
ECS_FIELDS: dict[str, type | tuple[type, ...]] = {
    "@timestamp": str,
    "ecs.version": str,
    "log.level": str,
    "log.logger": str,
    "message": str,
    "event.action": str,
    "event.id": str,
    "event.outcome": str,
    "event.duration": int,
    "trace.id": str,
    "span.id": str,
    "error.type": str,
    "error.message": str,
    "error.stack_trace": str,
    "host.name": str,
    "process.pid": int,
    "service.name": str,
}
# OpenTelemetry's log data model, and its semantic conventions for messaging and exceptions.
OTEL_TOP = {
    *("Timestamp", "ObservedTimestamp", "TraceId", "SpanId", "TraceFlags", "SeverityText"),
    *("SeverityNumber", "Body", "Resource", "InstrumentationScope", "Attributes", "EventName"),
}
OTEL_ATTRIBUTES = {
    *("messaging.system", "messaging.destination.name", "messaging.message.id"),
    *("messaging.client.id", "messaging.message.body.size", "messaging.process.duration"),
    *("error.type", "exception.message", "exception.stacktrace", "log.record.uid"),
}


def flat(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def one(written: Written, profile: str) -> dict[str, Any]:
    log_shipping.configure(path=written.folder, profile=profile, sigterm=False)
    made = record("resize", handle="H:1", worker="w", attempt=2, workload_bytes=5, queue_ms=1.5)
    made.set("image.bytes", 7)
    made.done(ValueError("bad"))
    (line,) = written.lines()
    document: dict[str, Any] = json.loads(line)
    return document


def test_an_ecs_record_has_ecs_names_and_types(written: Written) -> None:
    document = one(written, "ecs")
    for name, value in flat(document).items():
        if not name.startswith(("labels.", "fields.")):
            assert isinstance(value, ECS_FIELDS[name]), name
    assert document["event"]["outcome"] == "failure"
    assert document["labels"]["task"] == "resize"
    assert document["fields"] == {"image": {"bytes": 7}}


def test_an_ecs_duration_is_in_nanoseconds(written: Written) -> None:
    assert one(written, "ecs")["event"]["duration"] % 1000 == 0


def test_ecs_labels_are_flat(written: Written) -> None:
    assert not any(isinstance(value, dict) for value in one(written, "ecs")["labels"].values())


def test_an_otel_record_has_the_models_names(written: Written) -> None:
    document = one(written, "otel")
    assert set(document) <= OTEL_TOP
    ours = {"image.bytes"}
    for name in set(document["Attributes"]) - ours:
        assert name in OTEL_ATTRIBUTES or name.startswith("gearmang."), name
    assert set(document["Resource"]) == {"host.name", "process.pid", "service.name"}
    assert document["SeverityNumber"] == 17
    assert document["EventName"] == "resize"


def test_an_otel_trace_id_is_one(written: Written) -> None:
    log_shipping.configure(path=written.folder, profile="otel", sigterm=False)
    with record("resize", id="order-7"):
        pass
    (line,) = written.lines()
    assert "TraceId" not in json.loads(line)
    assert json.loads(line)["Attributes"]["gearmang.id"] == "order-7"
