"""Where a worker's own lines go: stderr, as text or as JSON; the user's logging is left alone."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
import orjson

Command = TypeVar("Command", bound=Callable[..., Any])

TEXT: Final = "%(asctime)s gearmang[%(process)d] %(levelname)s %(message)s"


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        told: dict[str, Any] = {
            "time": round(record.created, 3),
            "level": record.levelname,
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["error_stack"] = self.formatException(record.exc_info)
        return orjson.dumps(told, default=str).decode()


def log_format_option(command: Command) -> Command:
    """``--log-format text|json``: passed on as ``log_format``."""
    return click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How the worker's own lines are written to stderr.",
    )(command)


def metrics_option(command: Command) -> Command:
    """``--metrics HOST:PORT``: passed on as ``metrics``."""
    return click.option(
        "--metrics",
        metavar="HOST:PORT",
        help="Serve figures for Prometheus here: attempts, deaths, slots.",
    )(command)


def log_to_stderr(log_format: str) -> None:
    """Write the lines of gearmang; the root logger, which is the user's, has no handler of ours."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else logging.Formatter(TEXT))
    ours = logging.getLogger("gearmang")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False
