"""The same choice as a `Selection` makes in SQL, for one record at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from gearmang.records.selection import Selection
from gearmang.records.tables import COLUMNS

Record = Mapping[str, Any]


def matcher(selection: Selection) -> Callable[[Record], bool]:
    """A function that tells whether a record is chosen."""
    tests: list[Callable[[Record], bool]] = []
    if (wanted := selection.type) is not None:
        prefix = wanted.removesuffix("*")
        if wanted.endswith("*"):
            tests.append(lambda record: str(record.get("type", "")).startswith(prefix))
        else:
            tests.append(lambda record: record.get("type") == prefix)
    for name in ("task", "outcome"):
        if (value := getattr(selection, name)) is not None:
            tests.append(lambda record, name=name, value=value: record.get(name) == value)  # type: ignore[misc]  # defaults bind the loop's variables
    for field, value in selection.where:
        tests.append(lambda record, field=field, value=value: _text(record, field) == value)  # type: ignore[misc]  # defaults bind the loop's variables
    since, until = _text_of(selection.since), _text_of(selection.until)
    if since:
        tests.append(lambda record: str(record.get("ts", "")) >= since)
    if until:
        tests.append(lambda record: str(record.get("ts", "")) < until)
    return lambda record: all(test(record) for test in tests)


def _text(record: Record, field: str) -> str | None:
    value: Any = record
    path = (field,) if field in COLUMNS else ("fields", *field.removeprefix("fields.").split("."))
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text_of(moment: datetime | None) -> str:
    return (
        "" if moment is None else moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    )
