"""Which records a question is about, as a condition of SQL with bound values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from gearmang.records.tables import COLUMNS

OF_THE_RECORD = {"v", "pid"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What the options of `gearmang logs` choose.

    Attributes:
        places: folders, files and globs that hold records.
        since, until: start times, ``since`` included.
        type: a type, or the start of one before ``*``.
        task, outcome: as in the record.
        where: pairs of a field (a core name or a dotted path under ``fields``) and its value.
    """

    places: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    type: str | None = None
    task: str | None = None
    outcome: str | None = None
    where: tuple[tuple[str, str], ...] = ()

    def condition(self) -> tuple[str, list[object]]:
        """The condition, and the values for its question marks."""
        parts: list[str] = []
        values: list[object] = []
        for sql, moment in (("ts >= ?", self.since), ("ts < ?", self.until)):
            if moment is not None:
                parts.append(sql)
                values.append(moment.astimezone(timezone.utc).replace(tzinfo=None))
        if self.type is not None:
            whole = not self.type.endswith("*")
            parts.append("type = ?" if whole else "starts_with(type, ?)")
            values.append(self.type.removesuffix("*"))
        for name in ("task", "outcome"):
            if (wanted := getattr(self, name)) is not None:
                parts.append(f"{name} = ?")
                values.append(wanted)
        for field, value in self.where:
            sql, bound = text_of(field)
            parts.append(f"{sql} = ?")
            values += [*bound, value]
        return " AND ".join(parts) or "true", values


def text_of(field: str) -> tuple[str, list[object]]:
    """A field as SQL text: a column, or a dotted path under ``fields``, and its bound values."""
    if field in COLUMNS:
        return f"CAST({field} AS VARCHAR)", []
    return _own(field)


def number_of(field: str) -> tuple[str, list[object]]:
    """A field as an SQL number; NULL where it holds none.

    The version ``v`` and the process's ``pid`` describe the record, not the task: as a number,
    those names are the task's own.
    """
    if COLUMNS.get(field) in {"DOUBLE", "BIGINT", "INTEGER"} and field not in OF_THE_RECORD:
        return f"CAST({field} AS DOUBLE)", []
    sql, values = _own(field)
    return f"TRY_CAST({sql} AS DOUBLE)", values


def _own(field: str) -> tuple[str, list[object]]:
    parts = field.removeprefix("fields.").split(".")
    path = "$" + "".join('."' + part.replace('"', "") + '"' for part in parts)
    return "json_extract_string(fields, ?)", [path]
