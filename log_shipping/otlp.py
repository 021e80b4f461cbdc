"""Records as spans to an OpenTelemetry collector, by OTLP over HTTP. Needs ``gearmang[otel]``."""

from __future__ import annotations

import threading
import time
from collections import deque

import orjson
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from log_shipping.encoding import Document
from log_shipping.formatter import JsonFormatter
from log_shipping.handler import LAST_WORD, RecordHandler
from log_shipping.spans import span_of

TRACES = "/v1/traces"
MOST_WAITING = 8192  # records; what comes when so many wait is dropped and counted
BATCH = 512  # records that are sent at once
INTERVAL = 1.0  # seconds that a record waits for others
PATIENCE = 5.0  # seconds that the end of the process waits for the last records


class OtlpHandler(RecordHandler):
    """Sends records from a thread of its own; the task never waits for the collector.

    Ordinary log lines outside tasks are no spans, and are left out. The variables
    ``OTEL_EXPORTER_OTLP_HEADERS``, ``…_CERTIFICATE``, ``…_COMPRESSION`` and their like hold.

    Args:
        url: of the collector, such as ``http://127.0.0.1:4318``.
    """

    def __init__(self, url: str, *, formatter: JsonFormatter | None = None) -> None:
        super().__init__(formatter)
        self.where = url if url.endswith(TRACES) else url.rstrip("/") + TRACES
        self._begin()

    def _begin(self) -> None:
        self._waiting: deque[Document] = deque()
        self._wanted = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._in_flight = 0
        self._thread: threading.Thread | None = None

    def after_fork(self) -> None:
        super().after_fork()
        self._begin()

    def write_line(self, line: bytes) -> bool:
        """Take one record, as the line that the formatter made of it."""
        record: Document = orjson.loads(line)
        if "type" not in record or "span" not in record or record["type"] == LAST_WORD:
            return True
        if len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append(record)
        self._idle.clear()
        if len(self._waiting) >= BATCH:
            self._wanted.set()
        if self._thread is None or not self._thread.is_alive():
            with self.lock:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._send, daemon=True, name="otlp")
                    self._thread.start()
        return True

    def _send(self) -> None:
        exporter = OTLPSpanExporter(endpoint=self.where)
        while True:
            self._wanted.wait(INTERVAL)
            self._wanted.clear()
            while self._waiting:
                self._send_batch(exporter)
            self._idle.set()

    def _send_batch(self, exporter: OTLPSpanExporter) -> None:
        batch: list[Document] = []
        while self._waiting and len(batch) < BATCH:
            batch.append(self._waiting.popleft())
        self._in_flight = len(batch)
        try:
            told = exporter.export([span_of(record) for record in batch])  # tries again by itself
            if told is SpanExportResult.SUCCESS:
                self._in_flight = 0
                return
            self.complain(f"{self.where} did not take them")
        except Exception as error:
            self.complain(error)
        self._in_flight = 0
        self.drop(len(batch) + sum(record.get("dropped", 0) for record in batch))

    def flush(self) -> None:
        """Wait until all records are sent, or have been dropped; at most `PATIENCE`."""
        deadline = time.monotonic() + PATIENCE
        self._wanted.set()
        self._idle.wait(max(0.0, deadline - time.monotonic()))

    def report_drops(self) -> None:
        self.flush()
        lost = self._owed() + len(self._waiting) + self._in_flight
        self._waiting.clear()
        if lost:
            self.say_lost(lost)

    def close(self) -> None:
        self.flush()
        super().close()
