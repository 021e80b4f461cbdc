"""Lines of other programs, turned into records."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from hashlib import md5
from typing import Any

import orjson

from gearmang.durations import BadTime, from_iso
from gearmang.records.tables import COLUMNS

# Names under which other loggers keep what a record keeps under its own.
SYNONYMS = {
    "@timestamp": "ts",
    "timestamp": "ts",
    "time": "ts",
    "severity": "level",
    "levelname": "level",
    "msg": "message",
    "event": "message",
    "name": "logger",
    "hostname": "host",
    "process": "pid",
    "trace_id": "id",
}
_TIME = re.compile(
    r"^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\]?\s*"
)
_OTHER_TYPES = {"BIGINT": int, "INTEGER": int, "DOUBLE": (int, float), "VARCHAR": str}


def records_of(lines: Iterable[bytes], *, kind: str, source: str) -> Iterator[bytes]:
    """One record for each line that is not empty.

    A line of JSON keeps its fields: those with a record's name or a synonym of it become core
    fields, the others go under ``fields``. A plain line is the ``message``; a time at its start
    is its ``ts``. The ``event_id`` is made of the line and its place, so that the same file
    ingested twice counts once.

    Args:
        lines: with or without newlines.
        kind: the ``type`` of the records.
        source: the name of the file, for the ``event_id``.
    """
    host = socket.gethostname()
    for number, line in enumerate(lines):
        text = line.strip()
        if not text:
            continue
        record = _of_json(text) or _of_text(text.decode("utf-8", "backslashreplace"))
        identity = md5(b"%s:%d:%s" % (source.encode(), number, text), usedforsecurity=False)
        record.setdefault("event_id", identity.hexdigest())
        record.setdefault("ts", datetime.now(timezone.utc))
        record = {"level": "INFO", "type": kind, "host": host, "service": source, **record}
        yield orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def _of_json(text: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict):
        return None
    record: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for name, value in found.items():
        core = SYNONYMS.get(name, name)
        if core == "fields" and isinstance(value, dict):
            fields |= value
        elif core == "ts" and (moment := _moment(value)) is not None:
            record["ts"] = moment
        elif core in COLUMNS and core != "ts" and _fits(core, value):
            record[core] = value
        else:
            fields[name] = value
    return record | ({"fields": fields} if fields else {})


def _of_text(text: str) -> dict[str, Any]:
    timed = _TIME.match(text)
    moment = _moment(timed[1].replace(",", ".")) if timed else None
    if timed and moment:
        return {"ts": moment, "message": text[timed.end() :]}
    return {"message": text}


def _moment(value: object) -> datetime | None:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, timezone.utc)
        return datetime.fromtimestamp(from_iso(str(value)), timezone.utc)
    except (BadTime, ValueError, OverflowError, OSError):
        return None


def _fits(name: str, value: object) -> bool:
    wanted: Any = _OTHER_TYPES.get(COLUMNS[name])
    return wanted is not None and isinstance(value, wanted) and not isinstance(value, bool)
