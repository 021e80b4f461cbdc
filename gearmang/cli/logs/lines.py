"""One record as one line for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import orjson

from gearmang.cli.logs.printing import shown_time
from gearmang.durations import BadTime, from_iso
from gearmang.masking import masked_text
from gearmang.terminal import clean

_RED, _YELLOW, _DIM, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"
_STYLES = {"failure": _RED, "unknown": _YELLOW, "ERROR": _RED, "WARNING": _YELLOW}


def described(record: Mapping[str, Any], *, colour: bool = False) -> str:
    """Time, type, duration, outcome, error or message, and the task's own fields."""
    parts = [_when(record.get("ts")), str(record.get("type") or record.get("logger") or "-")]
    duration = record.get("duration_ms")
    if isinstance(duration, int | float) and record.get("outcome"):
        parts.append(f"{duration:,.1f} ms")
    parts += [str(record[name]) for name in ("outcome", "level") if record.get(name)][:1]
    if (record.get("attempt") or 1) != 1:
        parts.append(f"attempt {record['attempt']}")
    if record.get("error_type"):
        parts.append(f"{record['error_type']}: {record.get('error_message') or ''}")
    if record.get("message"):
        parts.append(str(record["message"]))
    fields = record.get("fields")
    if fields:
        parts.append(fields if isinstance(fields, str) else orjson.dumps(fields).decode())
    text = clean(masked_text("  ".join(parts)))
    style = _STYLES.get(str(record.get("outcome") or record.get("level"))) if colour else None
    return f"{style}{text}{_PLAIN}" if style else text


def _when(ts: object) -> str:
    if isinstance(ts, datetime):
        return shown_time(ts)
    try:
        return shown_time(datetime.fromtimestamp(from_iso(str(ts)), timezone.utc))
    except BadTime:  # of a record that another program wrote
        return str(ts)[:23]
