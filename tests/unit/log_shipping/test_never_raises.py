"""Whatever a task or its configuration hands over, the task goes on."""

from __future__ import annotations

import decimal
import io
import json
import logging
import logging.config
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import log_shipping
from log_shipping import HourlyFileHandler, TaskLogger, record
from tests.unit.log_shipping.conftest import VALIDATOR, Written


class WholeNumber:
    """As numpy's integers."""

    def __index__(self) -> int:
        return 3


class Array:
    """As numpy's arrays: no number, and comparisons and sums that raise."""

    def __radd__(self, other: object) -> object:
        raise ValueError("operands could not be broadcast")

    def __float__(self) -> float:
        raise TypeError("only length-1 arrays can be converted")


def test_an_ordinary_formatter_makes_the_message_of_log_lines(
    unconfigured: None, tmp_path: Path
) -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"verbose": {"format": "%(levelname)s: %(message)s"}},
            "handlers": {
                "tasks": {
                    "()": "log_shipping.configure",
                    "path": str(tmp_path),
                    "formatter": "verbose",
                    "sigterm": False,
                }
            },
            "loggers": {"tests.formatted": {"handlers": ["tasks"], "level": "INFO"}},
        }
    )
    logger = logging.getLogger("tests.formatted")
    try:
        with record("resize"):
            logger.info("inside")
    finally:
        logger.handlers.clear()
    line, task = Written(tmp_path).all()
    assert line["message"] == "INFO: inside"
    assert task["type"] == "resize"


@pytest.mark.parametrize(
    "begin",
    [
        lambda: record("resize", id=123),  # type: ignore[arg-type]  # what tasks do
        lambda: record("resize", id=123, sample=("^", 1.0)),  # type: ignore[arg-type]
        lambda: record("resize", id=b"x"),  # type: ignore[arg-type]
        lambda: TaskLogger("resize").record(id=123),  # type: ignore[arg-type]
    ],
)
def test_an_id_that_is_no_text_is_made_one(written: Written, begin: Callable[[], Any]) -> None:
    with begin():
        pass
    assert isinstance(written.one()["id"], str)


@pytest.mark.parametrize("sample", ["often", ("^", "often"), (".",), [0.5], object()])
def test_a_sample_that_is_none_costs_the_record_and_nothing_else(
    written: Written, sample: Any
) -> None:
    ran = False
    with record("resize", sample=sample):
        ran = True
    assert ran


@pytest.mark.parametrize(
    ("numbers", "total"),
    [
        ((1, 2.5), 3.5),
        ((decimal.Decimal("1.5"), 2), 3.5),
        ((1.5, decimal.Decimal("2")), 3.5),
        ((WholeNumber(), WholeNumber()), 6),
        ((1, Array(), 5), 5),
        (("x", 5), 5),
    ],
)
def test_numbers_of_any_kind_are_added(
    written: Written, numbers: tuple[Any, ...], total: float
) -> None:
    with record("resize") as made:
        for number in numbers:
            made.add("total", number)
    assert written.one()["fields"] == {"total": total}


@pytest.mark.parametrize("key", [5, None, b"key", ("a", "b")])
def test_a_key_that_is_no_text_is_made_one(written: Written, key: Any) -> None:
    with record("resize") as made:
        made.set(key, 1)
        made.add(key, 1)
        made.append(key, 1)
    assert str(key) in written.one()["fields"]


@pytest.mark.parametrize(
    "what",
    [
        {"outcome": "success", "started_at": float("nan"), "duration_ms": 1.0},
        {"outcome": "success", "started_at": 1e300, "duration_ms": 1.0},
        {"outcome": "success", "started_at": "now", "duration_ms": 1.0},
        {"outcome": "success", "started_at": 1.0, "duration_ms": object()},
    ],
)
def test_emit_of_what_has_no_time_is_dropped_and_counted(
    written: Written, what: dict[str, Any]
) -> None:
    TaskLogger("resize").emit(**what)
    with record("after"):
        pass
    assert written.one()["dropped"] == 1


def test_an_error_that_is_no_exception_is_a_failure_by_its_text(written: Written) -> None:
    record("resize").start().done("no disk")
    found = written.one()
    assert (found["outcome"], found["error_message"]) == ("failure", "no disk")


def test_what_the_user_set_is_never_changed(written: Written) -> None:
    given: dict[str, Any] = {"bytes": 1, "inner": {"list": [1]}}
    names = ["a"]
    with record("resize", given=given) as made:
        made.set("payload", given)
        made.set("payload.bytes", 5)
        made.set("payload.inner.more", 5)
        made.append("payload.inner.list", 5)
        made.set("names", names)
        made.append("names", "b")
        made.set("given.bytes", 7)
        made.set(again=given)
        made.set("again", other=1)
    assert given == {"bytes": 1, "inner": {"list": [1]}}
    assert names == ["a"]
    found = written.one()["fields"]
    assert found["payload"] == {"bytes": 5, "inner": {"list": [1, 5], "more": 5}}
    assert found["names"] == ["a", "b"]
    assert found["given"]["bytes"] == 7
    assert found["again"]["other"] == 1


def test_a_handler_made_by_hand_gets_records_as_they_are(
    unconfigured: None, tmp_path: Path
) -> None:
    log_shipping.configure(handler=HourlyFileHandler(tmp_path), sigterm=False)
    with record("resize") as made:
        made.set("width", 3)
    found = Written(tmp_path).one()
    assert (found["type"], found["fields"]) == ("resize", {"width": 3})


def test_a_handlers_level_holds_and_failures_have_level_error(unconfigured: None) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setLevel(logging.ERROR)
    log_shipping.configure(handler=handler, sigterm=False)
    with record("good"):
        pass
    with pytest.raises(ValueError, match="bad"), record("bad"):
        raise ValueError("bad")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["type"] == "bad"


def test_a_level_on_our_own_handler_holds_as_well(written: Written) -> None:
    handler = log_shipping.configure(path=written.folder, sigterm=False)
    assert handler is not None
    handler.setLevel(logging.ERROR)
    with record("good"):
        pass
    record("bad").start().done(ValueError("bad"))
    assert written.one()["type"] == "bad"


def test_a_dictionary_logged_as_a_message_keeps_its_message(
    unconfigured: None, tmp_path: Path
) -> None:
    handler = log_shipping.configure(path=tmp_path, sigterm=False)
    assert handler is not None
    line = logging.LogRecord("app", 20, "", 0, {"message": "hi", "user": 1}, None, None)
    line.stack_info = "Stack (most recent call last):\n  here"
    handler.handle(line)
    found = Written(tmp_path).one()
    assert found["message"] == "hi"
    assert found["fields"]["user"] == 1
    assert "here" in found["fields"]["stack_info"]


def test_options_of_python_json_logger_apply_to_the_extra_fields() -> None:
    formatter = log_shipping.JsonFormatter(
        rename_fields={"user": "account"}, static_fields={"region": "eu"}
    )
    line = logging.LogRecord("app", 20, "", 0, "hello", None, None)
    line.user = "u1"
    found = json.loads(formatter.format(line))
    VALIDATOR.validate(found)
    assert found["fields"] == {"region": "eu", "account": "u1"}


@pytest.mark.parametrize(
    "options",
    [
        {"fmt": "{asctime}", "style": "{"},
        {"datefmt": "%H"},
        {"timestamp": True},
        {"json_indent": 2},
        {"rename_fields": {"levelname": "severity"}},
        {"rename_fields": {"message": "msg"}},
    ],
)
def test_an_option_that_would_spoil_the_form_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"JsonFormatter takes no|cannot rename"):
        log_shipping.JsonFormatter(**options)


def test_the_formatter_can_be_named_as_a_class_of_dict_config() -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"class": "log_shipping.JsonFormatter"}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
        }
    )


def test_a_processor_changes_or_withholds_records(written: Written) -> None:
    def process(found: dict[str, Any]) -> dict[str, Any] | None:
        return None if found["type"] == "quiet" else {**found, "service": "mine"}

    log_shipping.configure(path=written.folder, processors=[process], sigterm=False)
    for name in ("quiet", "loud"):
        with record(name):
            pass
    found = written.one()
    assert (found["type"], found["service"]) == ("loud", "mine")


def test_a_record_whose_processor_raises_is_dropped_and_counted(written: Written) -> None:
    calls = []

    def process(found: dict[str, Any]) -> dict[str, Any]:
        calls.append(found)
        if len(calls) == 1:
            raise KeyError("user")
        return found

    log_shipping.configure(path=written.folder, processors=[process], sigterm=False)
    for _ in range(2):
        with record("resize"):
            pass
    assert written.one()["dropped"] == 1
