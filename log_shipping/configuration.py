"""Where records go: said once, by `configure` or by ``$GEARMANG_RECORDS``."""

import os
from collections.abc import Mapping
from typing import Any

from log_shipping.files import HourlyFileHandler
from log_shipping.formatter import MAX_BYTES, JsonFormatter
from log_shipping.handler import RecordHandler

ENVIRONMENT = "GEARMANG_RECORDS"


class Settings:
    """The configuration of this process.

    Attributes:
        handler: what writes records; None while nothing is configured.
        decided: whether `configure` was called or the environment looked at.
    """

    __slots__ = ("decided", "handler")

    def __init__(self) -> None:
        self.handler: RecordHandler | None = None
        self.decided = False


settings = Settings()


def configure(
    *,
    path: str | os.PathLike[str] | None = None,
    fields: Mapping[str, Any] | None = None,
    max_bytes: int = MAX_BYTES,
    durable: bool = False,
) -> RecordHandler | None:
    """Say where records go; without a destination they go nowhere.

    Args:
        path: a folder, in which each hour has its file ``tasks-YYYYMMDDHH.jsonl``.
        fields: what every record carries, such as ``{"service": "thumbnails"}``.
        max_bytes: longest line; longer records are cut and marked ``truncated``.
        durable: fsync each record (about 200 µs).

    Returns:
        The logging handler that writes the records; it can serve ordinary log lines as well.
    """
    if settings.handler is not None:
        settings.handler.report_drops()
        settings.handler.close()
    settings.decided = True
    settings.handler = None
    if path is not None:
        formatter = JsonFormatter(fields=fields, max_bytes=max_bytes)
        settings.handler = HourlyFileHandler(path, formatter=formatter, durable=durable)
    return settings.handler


def handler_of_environment() -> RecordHandler | None:
    """Look at ``$GEARMANG_RECORDS``, once, where `configure` was not called."""
    if not settings.decided:
        configure(path=os.environ.get(ENVIRONMENT) or None)
    return settings.handler
