"""The same choice as a `Selection` makes in SQL, for one record at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gearmang.durations import BadTime, from_iso
from gearmang.records.selection import Selection
from gearmang.records.tables import COLUMNS

Record = Mapping[str, Any]
UNTOLD = float("-inf")


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
    if (since := selection.since) is not None:
        first = since.timestamp()
        tests.append(lambda record: started_at(record) >= first)
    if (until := selection.until) is not None:
        end = until.timestamp()
        tests.append(lambda record: UNTOLD < started_at(record) < end)
    return lambda record: all(test(record) for test in tests)


def _text(record: Record, field: str) -> str | None:
    value: Any = record
    path = (field,) if field in COLUMNS else ("fields", *field.removeprefix("fields.").split("."))
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def started_at(record: Record) -> float:
    """When it started, in seconds since the epoch; long before all others if that is not told."""
    try:
        return from_iso(str(record.get("ts")))
    except BadTime:
        return UNTOLD
