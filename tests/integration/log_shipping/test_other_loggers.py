"""loguru, numpy, OpenTelemetry's own spans and gunicorn, as people use them with records."""

from __future__ import annotations

import json
import signal
import sys
import urllib.request
from pathlib import Path

import numpy
import pytest
from loguru import logger
from opentelemetry.sdk.trace import TracerProvider

import log_shipping
from log_shipping import record
from tests.daemons.process import Process, await_that, free_port
from tests.unit.log_shipping.conftest import Written

ROOT = Path(__file__).parents[3]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "records")


def test_lines_of_loguru_are_records_with_what_it_binds(written: Written) -> None:
    handler = log_shipping.configure(path=written.folder, sigterm=False)
    assert handler is not None
    number = logger.add(handler, format="{message}")
    try:
        with record("resize"):
            logger.bind(user="u1").info("hello {}", "you")
    finally:
        logger.remove(number)
        log_shipping.configure()
    line, task = written.all()
    assert (line["message"], line["fields"], line["id"]) == (
        "hello you",
        {"user": "u1"},
        task["id"],
    )


def test_numbers_of_numpy_are_added_without_overflow(written: Written) -> None:
    log_shipping.configure(path=written.folder, sigterm=False)
    with record("resize") as made:
        made.add("small", numpy.int8(100))
        made.add("small", numpy.int8(100))
        made.add("half", numpy.float32(0.5))
    log_shipping.configure()
    assert written.one()["fields"] == {"small": 200, "half": 0.5}


def test_a_record_belongs_to_the_opentelemetry_span_that_is_active(written: Written) -> None:
    log_shipping.configure(path=written.folder, sigterm=False)
    tracer = TracerProvider().get_tracer("tests")
    with tracer.start_as_current_span("request") as span, record("resize"):
        pass
    log_shipping.configure()
    context = span.get_span_context()
    found = written.one()
    assert (found["id"], found["parent"]) == (
        f"{context.trace_id:032x}",
        f"{context.span_id:016x}",
    )


APP = """
import logging, log_shipping
log_shipping.configure(path={folder!r})
def app(environ, start_response):
    with log_shipping.record("request", path=environ["PATH_INFO"]):
        start_response("200 OK", [])
        return [b"ok"]
"""


@pytest.mark.parametrize("preload", [[], ["--preload"]], ids=["each worker", "preloaded"])
def test_every_request_that_gunicorn_answered_has_one_record(
    written: Written, tmp_path: Path, preload: list[str]
) -> None:
    (tmp_path / "wsgi.py").write_text(APP.format(folder=str(written.folder)))
    port = free_port()
    server = Process(
        [sys.executable, "-m", "gunicorn", "--workers", "3", "--bind", f"127.0.0.1:{port}",
         "--chdir", tmp_path, *preload, "wsgi:app"],
        tmp_path / "gunicorn.log",
        {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    with server:
        await_that(lambda: "Booting worker" in server.output(), "gunicorn's workers boot")
        answered = 0

        def answers() -> bool:
            nonlocal answered
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/{answered}", timeout=5):
                    answered += 1
            except OSError:
                return False
            return True

        await_that(answers, "gunicorn answers")
        for number in range(300):
            answers()
            if number == 150:
                server.send(signal.SIGHUP)  # new workers; the old ones end by SIGTERM
    found = written.all()
    assert answered > 250
    assert len([one for one in found if one["outcome"] == "success"]) >= answered
    assert len({one["event_id"] for one in found}) == len(found)
    assert len({json.dumps(one["fields"]) for one in found}) >= answered
