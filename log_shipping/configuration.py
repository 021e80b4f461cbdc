"""Where records go: said once, by `configure` or by ``$GEARMANG_RECORDS``."""

import logging
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

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
    stream: Any = None,
    syslog: str | None = None,
    handler: logging.Handler | None = None,
    profile: str = "flat",
    fields: Mapping[str, Any] | None = None,
    redact: Iterable[str] = (),
    max_bytes: int = MAX_BYTES,
    durable: bool = False,
    watch: bool = False,
    sigterm: bool = True,
) -> logging.Handler | None:
    """Say where records go; without a destination they go nowhere.

    It is also a factory for ``logging.config.dictConfig``, whose handler then writes task records
    and log lines alike: ``{"()": "log_shipping.configure", "path": "/var/log/tasks"}``.

    Args:
        path: a folder, in which each hour has its file ``tasks-YYYYMMDDHH.jsonl``.
        stream: a file object, such as ``sys.stdout``.
        syslog: a Unix socket's path, such as ``/dev/log``, or ``HOST:PORT`` for UDP.
        handler: any logging handler.
        profile: the form: ``flat``, which `gearmang logs` reads, ``ecs`` or ``otel``.
        fields: what every record carries, such as ``{"service": "thumbnails"}``.
        redact: globs of field names whose values are replaced, such as ``*.password``.
        max_bytes: longest line; longer records are cut and marked ``truncated``.
        durable: fsync each record (about 200 µs); for ``path``.
        watch: look before each record whether the file was renamed; for ``path``.
        sigterm: write the records that are open when SIGTERM kills the process.

    Returns:
        The logging handler that writes the records; it can serve ordinary log lines as well.

    Raises:
        ValueError: more than one destination, or an unknown profile.
    """
    destinations = (path, stream, syslog, handler)
    if sum(place is not None for place in destinations) > 1:
        raise ValueError("configure takes one of path, stream, syslog and handler")
    formatter = JsonFormatter(
        profile=profile, fields=fields, redact=tuple(redact), max_bytes=max_bytes
    )
    if settings.handler is not None:
        settings.handler.report_drops()
        settings.handler.close()
    settings.decided = True
    settings.handler = _made(destinations, formatter, durable=durable, watch=watch)
    if sigterm and settings.handler is not None:
        from log_shipping.sigterm import record_sigterm

        record_sigterm()
    return handler or settings.handler


def _made(
    destinations: tuple[Any, Any, Any, Any],
    formatter: JsonFormatter,
    *,
    durable: bool,
    watch: bool,
) -> RecordHandler | None:
    # Imported here: a worker loads only the kind that it uses.
    path, stream, syslog, handler = destinations
    if path is not None:
        from log_shipping.files import HourlyFileHandler

        return HourlyFileHandler(path, formatter=formatter, durable=durable, watch=watch)
    if stream is not None:
        from log_shipping.streams import StreamHandler

        return StreamHandler(stream, formatter=formatter)
    if syslog is not None:
        from log_shipping.syslog import SyslogHandler

        return SyslogHandler(syslog, formatter=formatter)
    if handler is not None:
        from log_shipping.foreign import ForeignHandler

        return ForeignHandler(handler, formatter=formatter)
    return None


def handler_of_environment() -> RecordHandler | None:
    """Look at ``$GEARMANG_RECORDS``, once, where `configure` was not called.

    It holds a folder, ``syslog:ADDRESS`` or ``stdout``.
    """
    if not settings.decided:
        place = os.environ.get(ENVIRONMENT, "")
        if place == "stdout":
            configure(stream=sys.stdout)
        elif place.startswith("syslog:"):
            configure(syslog=place.removeprefix("syslog:"))
        else:
            configure(path=place or None)
    return settings.handler
