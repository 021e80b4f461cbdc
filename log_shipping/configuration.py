"""Where records go: said once, by `configure` or by ``$GEARMANG_RECORDS``."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterable, Mapping
from typing import IO, Any

from log_shipping.formatter import MAX_BYTES, JsonFormatter, Processor
from log_shipping.handler import RecordHandler

ENVIRONMENT = "GEARMANG_RECORDS"
INHERITED = "GEARMANG_RECORDS_INHERITED"
"""What a process says to those that multiprocessing starts anew (spawn, forkserver): how it is
configured, as JSON. A forked child needs none of it, and other programs do not read it."""


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
    stream: IO[Any] | None = None,
    syslog: str | None = None,
    otlp: str | None = None,
    handler: logging.Handler | None = None,
    profile: str = "flat",
    fields: Mapping[str, object] | None = None,
    redact: Iterable[str] = (),
    mask: bool = False,
    processors: Iterable[Processor] = (),
    max_bytes: int = MAX_BYTES,
    durable: bool = False,
    watch: bool = False,
    sigterm: bool = True,
    excepthooks: bool = False,
) -> logging.Handler | None:
    """Say where records go; without a destination they go nowhere.

    It is also a factory for ``logging.config.dictConfig``, whose handler then writes task records
    and log lines alike: ``{"()": "log_shipping.configure", "path": "/var/log/tasks"}``.

    A process that multiprocessing starts anew (spawn, forkserver) is configured like the one that
    made it, but for ``handler`` and ``processors``, which it has to be given again.

    Args:
        path: a folder, in which each hour has its file ``tasks-YYYYMMDDHH.jsonl``.
        stream: a file object, such as ``sys.stdout``.
        syslog: a Unix socket's path, such as ``/dev/log``, or ``HOST:PORT`` for UDP.
        otlp: the address of an OpenTelemetry collector, such as ``http://127.0.0.1:4318``, which
            gets records as spans. Needs ``gearmang[otel]``.
        handler: any logging handler.
        profile: the form: ``flat``, which `gearmang logs` reads, ``ecs`` or ``otel``.
        fields: what every record carries, such as ``{"service": "thumbnails"}``.
        redact: globs of field names whose values are replaced, such as ``*.password``.
        mask: replace what looks like a secret: by a field's name (``db_pass``), or in texts,
            messages and stacks (``DB_PASSWORD=…``, a password in a URL).
        processors: functions that are called with each record, a dictionary in the flat form, and
            give what is written instead; None for nothing. A record whose processor raises is
            dropped and counted: what should have been taken out of it is not written.
        max_bytes: longest line; longer records are cut and marked ``truncated``.
        durable: fsync each record (about 200 µs); for ``path``.
        watch: look before each record whether the file was renamed; for ``path``.
        sigterm: write the records that are open when SIGTERM kills the process.
        excepthooks: record what ends the process or one of its threads as a log line, too.

    Returns:
        The logging handler that writes the records; it can serve ordinary log lines as well.

    Raises:
        ValueError: more than one destination, or an unknown profile.
        ImportError: ``otlp`` needs ``pip install 'gearmang[otel]'``.
    """
    destinations = (path, stream, syslog, otlp, handler)
    if sum(place is not None for place in destinations) > 1:
        raise ValueError("configure takes one of path, stream, syslog, otlp and handler")
    formatter = JsonFormatter(
        profile=profile,
        fields=fields,
        redact=tuple(redact),
        mask=mask,
        processors=tuple(processors),
        max_bytes=max_bytes,
    )
    made = _made(path, stream, syslog, otlp, handler, formatter, durable=durable, watch=watch)
    if settings.handler is not None:
        settings.handler.report_drops()
        settings.handler.close()
    settings.decided = True
    settings.handler = made
    if made is not None and sigterm:
        from log_shipping.sigterm import record_sigterm

        record_sigterm()
    if made is not None and excepthooks:
        from log_shipping.excepthooks import record_exceptions

        record_exceptions()
    _bequeath(
        path=os.path.abspath(path) if path is not None else None,  # noqa: PTH100  # may be bytes
        stream=_standard_name(stream),
        syslog=syslog,
        otlp=otlp,
        profile=profile,
        fields=dict(fields or {}),
        redact=list(redact),
        mask=mask,
        max_bytes=max_bytes,
        durable=durable,
        watch=watch,
        sigterm=sigterm,
        excepthooks=excepthooks,
    )
    return handler or made


def _made(
    path: str | os.PathLike[str] | None,
    stream: IO[Any] | None,
    syslog: str | None,
    otlp: str | None,
    handler: logging.Handler | None,
    formatter: JsonFormatter,
    *,
    durable: bool,
    watch: bool,
) -> RecordHandler | None:
    # Imported here: a worker loads only the kind that it uses.
    if path is not None:
        from log_shipping.files import HourlyFileHandler

        return HourlyFileHandler(path, formatter=formatter, durable=durable, watch=watch)
    if stream is not None:
        from log_shipping.streams import StreamHandler

        return StreamHandler(stream, formatter=formatter)
    if syslog is not None:
        from log_shipping.syslog import SyslogHandler

        return SyslogHandler(syslog, formatter=formatter)
    if otlp is not None:
        try:
            from log_shipping.otlp import OtlpHandler
        except ImportError as error:
            raise ImportError(
                f"otlp={otlp!r} needs pip install 'gearmang[otel]': {error}"
            ) from None

        return OtlpHandler(otlp, formatter=formatter)
    if isinstance(handler, RecordHandler):
        return handler  # made by hand: it takes records as they are
    if handler is not None:
        from log_shipping.foreign import ForeignHandler

        return ForeignHandler(handler, formatter=formatter)
    return None


def _standard_name(stream: IO[Any] | None) -> str | None:
    return next((name for name in ("stdout", "stderr") if stream is getattr(sys, name)), None)


def _bequeath(**options: object) -> None:
    """Leave a word for the processes that multiprocessing starts anew."""
    if not any(options[place] for place in ("path", "stream", "syslog", "otlp")):
        os.environ.pop(INHERITED, None)
        return
    try:
        os.environ[INHERITED] = json.dumps({"of": os.getpid(), **options}, default=str)
    except ValueError:  # a cycle in the fields: the children stay without records
        os.environ.pop(INHERITED, None)


def _inherited() -> dict[str, Any] | None:
    """How the process is configured whose child this is by multiprocessing, started anew."""
    child = sys.modules.get("multiprocessing.process")
    parent = child.parent_process() if child is not None else None
    if parent is None:
        return None
    try:
        options: dict[str, Any] = json.loads(os.environ.get(INHERITED, ""))
        if options.pop("of") != parent.pid:
            return None
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    if options["stream"]:
        options["stream"] = getattr(sys, options["stream"])
    return options


def handler_of_environment() -> RecordHandler | None:
    """Look at ``$GEARMANG_RECORDS``, once, where `configure` was not called.

    It holds a folder, ``syslog:ADDRESS``, ``otlp:URL`` or ``stdout``.
    """
    if not settings.decided:
        place = os.environ.get(ENVIRONMENT, "")
        inherited = _inherited()
        if inherited is not None:
            configure(**inherited)
        elif place == "stdout":
            configure(stream=sys.stdout)
        elif place.startswith("syslog:"):
            configure(syslog=place[len("syslog:") :])
        elif place.startswith("otlp:"):
            configure(otlp=place[len("otlp:") :])
        else:
            configure(path=place or None)
    return settings.handler
