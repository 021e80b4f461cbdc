"""Records as spans, seen by a receiver that decodes OpenTelemetry's own protobuf."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

import log_shipping
from log_shipping import record

ROOT = Path(__file__).parents[3]


class Collector(HTTPServer):
    """Takes OTLP over HTTP, and keeps the spans."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.spans: list[Span] = []
        self.resources: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Request(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:  # http.server's name
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for told in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.server.resources.append(
                {one.key: one.value.string_value for one in told.resource.attributes}
            )
            self.server.spans += [span for scope in told.scope_spans for span in scope.spans]
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    log_shipping.configure(sigterm=False)


def attributes(span: Span) -> dict[str, object]:
    return {
        one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value")
        for one in span.attributes
    }


def test_a_record_is_a_span_by_the_conventions_for_messaging(collector: Collector) -> None:
    log_shipping.configure(otlp=collector.url, fields={"service": "thumbs"}, sigterm=False)
    job = "5f2b9c105f2b9c105f2b9c105f2b9c10"
    made = record("resize", id=job, handle="H:gm1:7", worker="w1", attempt=2, workload_bytes=5)
    with made as root, record(".db") as child:
        child.set("rows", 3)
    log_shipping.configure(sigterm=False)  # sends what waits
    spans = {span.name: span for span in collector.spans}
    assert set(spans) == {"process resize", "resize.db"}
    process, db = spans["process resize"], spans["resize.db"]
    assert process.trace_id.hex() == db.trace_id.hex() == job
    assert process.span_id.hex() == db.parent_span_id.hex() == root.span
    assert (process.kind, db.kind) == (Span.SPAN_KIND_CONSUMER, Span.SPAN_KIND_INTERNAL)
    told = attributes(process)
    assert len(str(told.pop("log.record.uid"))) == 32
    assert told == {
        "messaging.system": "gearman",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "resize",
        "messaging.message.id": job,
        "messaging.message.body.size": 5,
        "messaging.client.id": "w1",
        "gearman.attempt": 2,
        "gearman.handle": "H:gm1:7",
        "gearman.outcome": "success",
        "gearman.v": 1,
    }
    assert attributes(db)["rows"] == 3
    assert collector.resources[0]["service.name"] == "thumbs"
    assert 0 <= db.start_time_unix_nano - process.start_time_unix_nano < 10**9
    assert db.end_time_unix_nano <= process.end_time_unix_nano + 10**6


def test_a_failure_has_the_status_error(collector: Collector) -> None:
    log_shipping.configure(otlp=collector.url, sigterm=False)
    with pytest.raises(ValueError, match="no disk"), record("resize", id="order-7"):
        raise ValueError("no disk")
    log_shipping.configure(sigterm=False)
    (span,) = collector.spans
    assert (span.status.code, span.status.message) == (Status.STATUS_CODE_ERROR, "no disk")
    assert attributes(span)["error.type"] == "ValueError"
    assert len(span.trace_id) == 16


def test_nothing_is_lost_when_the_process_ends(collector: Collector) -> None:
    code = (
        "import log_shipping, sys\n"
        "log_shipping.configure(otlp=sys.argv[1])\n"
        "for number in range(2000):\n"
        "    with log_shipping.record('resize', number=number): pass\n"
    )
    subprocess.run([sys.executable, "-c", code, collector.url], cwd=ROOT, check=True, timeout=60)
    numbers = sorted(int(str(attributes(span)["number"])) for span in collector.spans)
    assert numbers == list(range(2000))


def test_what_no_collector_takes_is_said_at_the_end() -> None:
    code = (
        "import log_shipping\n"
        "log_shipping.configure(otlp='http://127.0.0.1:9')\n"
        "for number in range(7):\n"
        "    with log_shipping.record('resize'): pass\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, check=True, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert "7 records of process" in told.stderr
    assert "are lost: http://127.0.0.1:9/v1/traces" in told.stderr
