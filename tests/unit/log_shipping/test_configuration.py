"""Where records go, and who says so."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import subprocess
import sys
from pathlib import Path

import pytest

import log_shipping
from log_shipping import JsonFormatter, record
from tests.unit.log_shipping.conftest import VALIDATOR, Written


def test_the_environment_configures_at_first_use(
    unconfigured: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEARMANG_RECORDS", str(tmp_path))
    with record("resize"):
        pass
    assert Written(tmp_path).one()["type"] == "resize"


def test_the_environment_may_name_standard_output() -> None:
    code = "import log_shipping\nwith log_shipping.record('resize'): pass"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={"GEARMANG_RECORDS": "stdout"},
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert json.loads(told.stdout)["type"] == "resize"


def test_a_call_outweighs_the_environment(
    unconfigured: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEARMANG_RECORDS", str(tmp_path / "environment"))
    log_shipping.configure(path=tmp_path / "call", sigterm=False)
    with record("resize"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["call"]


def test_two_destinations_are_refused(unconfigured: None, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one of"):
        log_shipping.configure(path=tmp_path, stream=io.StringIO())


def test_an_unknown_profile_is_refused(unconfigured: None, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="flat, ecs, otel"):
        log_shipping.configure(path=tmp_path, profile="xml")


def test_static_fields_are_in_every_record(written: Written) -> None:
    log_shipping.configure(
        path=written.folder, fields={"service": "thumbs", "region": "eu"}, sigterm=False
    )
    with record("resize") as made:
        made.set(width=1)
    found = written.one()
    assert found["service"] == "thumbs"
    assert found["fields"] == {"region": "eu", "width": 1}


def test_a_text_stream_gets_lines(unconfigured: None) -> None:
    stream = io.StringIO()
    log_shipping.configure(stream=stream, sigterm=False)
    with record("resize"):
        pass
    VALIDATOR.validate(json.loads(stream.getvalue()))


def test_any_logging_handler_gets_records(unconfigured: None) -> None:
    stream = io.StringIO()
    log_shipping.configure(handler=logging.StreamHandler(stream), sigterm=False)
    with record("resize"):
        pass
    assert json.loads(stream.getvalue())["type"] == "resize"


def test_a_logging_handler_that_raises_does_not_hurt_the_task(unconfigured: None) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("broken")

    log_shipping.configure(handler=Broken(), sigterm=False)
    with record("resize"):
        pass


def test_dict_config_makes_one_handler_for_records_and_log_lines(
    unconfigured: None, tmp_path: Path
) -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "tasks": {"()": "log_shipping.configure", "path": str(tmp_path), "sigterm": False}
            },
            "loggers": {"tests.app": {"handlers": ["tasks"], "level": "INFO"}},
        }
    )
    logger = logging.getLogger("tests.app")
    try:
        with record("resize"):
            logger.info("inside", extra={"disk": "sda"})
        logger.info("outside %s", "it")
    finally:
        logger.handlers.clear()
    inside, task, outside = Written(tmp_path).all()
    assert inside["message"] == "inside"
    assert inside["id"] == task["id"]
    assert inside["fields"] == {"disk": "sda"}
    assert outside["message"] == "outside it"
    assert "id" not in outside


def test_dict_config_makes_the_formatter_for_other_handlers(unconfigured: None) -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": "log_shipping.JsonFormatter", "profile": "ecs"}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
        }
    )
    formatter = JsonFormatter(profile="ecs")
    line = logging.LogRecord("app", logging.INFO, "", 0, "hello %s", ("you",), None)
    assert json.loads(formatter.format(line))["message"] == "hello you"


@pytest.mark.parametrize(
    "line",
    [
        logging.LogRecord("app", 20, "", 0, "no %d number", ("x",), None),
        logging.LogRecord("app", 20, "", 0, {"key": 10**40}, None, None),
        logging.LogRecord("app", 20, "", 0, "\ud800 %s", (b"\xff",), None),
    ],
    ids=["arguments that do not fit", "a dictionary", "a lone surrogate"],
)
def test_a_hostile_log_line_is_written(line: logging.LogRecord) -> None:
    VALIDATOR.validate(json.loads(JsonFormatter().format(line)))


def test_a_log_lines_exception_is_told(unconfigured: None) -> None:
    try:
        int("bad")
    except ValueError:
        line = logging.LogRecord("app", 40, "", 0, "failed", None, sys.exc_info())
    told = json.loads(JsonFormatter().format(line))
    assert (told["error_type"], told["error_message"]) == (
        "ValueError",
        "invalid literal for int() with base 10: 'bad'",
    )
    assert "Traceback" in told["error_stack"]


def test_the_logger_imports_nothing_of_the_project() -> None:
    code = (
        "import sys, log_shipping.syslog, log_shipping.sigterm, log_shipping.foreign\n"
        "ours = ('gearmang', 'collectd_plugin', 'nagios_checks', 'asyncio', 'duckdb', 'click')\n"
        "print([name for name in sys.modules if name.split('.')[0] in ours])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert told.stdout.strip() == "[]"


def test_a_log_line_whose_error_has_no_text_is_written(unconfigured: None, tmp_path: Path) -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    handler = log_shipping.configure(path=tmp_path, sigterm=False)
    assert handler is not None
    error = Hostile()
    handler.handle(logging.LogRecord("app", 40, "", 0, "failed", None, (Hostile, error, None)))
    assert Written(tmp_path).one()["error_type"] == "Hostile"


def test_an_extra_field_cannot_replace_a_core_field() -> None:
    line = logging.LogRecord("app", 20, "", 0, "x", None, None)
    line.event_id = line.host = "mine"
    told = json.loads(JsonFormatter().format(line))
    assert told["host"] != "mine"
    assert told["fields"] == {"event_id": "mine", "host": "mine"}
