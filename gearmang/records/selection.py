"""Which records a question is about, as a condition of SQL with bound values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from gearmang.records.attempts import IS_ATTEMPT
from gearmang.records.dialect import Dialect
from gearmang.records.tables import COLUMNS, merged

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

    def within(self, *, or_timeless: bool = False) -> tuple[str, list[object]]:
        """The condition on the start time alone, by which an engine leaves files unread."""
        also = " OR ts IS NULL" if or_timeless else ""
        parts, values = [], []
        for sql, moment in (("ts >= ?", self.since), ("ts < ?", self.until)):
            if moment is not None:
                parts.append(f"({sql}{also})")
                values.append(moment.astimezone(timezone.utc).replace(tzinfo=None))
        return " AND ".join(parts) or "true", [*values]

    def condition(self, dialect: Dialect) -> tuple[str, list[object]]:
        """The whole condition, and the values for its question marks."""
        within, values = self.within()
        parts = [within]
        if self.type is not None:
            whole = not self.type.endswith("*")
            parts.append("type = ?" if whole else dialect.starts("type"))
            values.append(self.type.removesuffix("*"))
        for name in ("task", "outcome"):
            if (wanted := getattr(self, name)) is not None:
                parts.append(f"{name} = ?")
                values.append(wanted)
        for field, value in self.where:
            sql, bound = text_of(field, dialect)
            parts.append(f"{sql} = ?")
            values += [*bound, value]
        return " AND ".join(parts), values

    def chosen(self, dialect: Dialect, *, attempts: bool) -> tuple[str, list[object]]:
        """The chosen records, each once however often it was shipped, as a table in SQL.

        The views ``records`` and ``tasks`` would merge all that there are before any is chosen.

        Args:
            attempts: only those of whole tasks.
        """
        within, times = self.within()
        condition, values = self.condition(dialect)
        only = f"{IS_ATTEMPT} AND " if attempts else ""
        return f"(SELECT * FROM ({merged(within)}) AS merged WHERE {only}{condition})", [  # noqa: S608  # built of our own names; every value is bound
            *times,
            *values,
        ]


def text_of(field: str, dialect: Dialect) -> tuple[str, list[object]]:
    """A field as SQL text: a column, or a dotted path under ``fields``, and its bound values."""
    if field in COLUMNS:
        return f"CAST({field} AS VARCHAR)", []
    return dialect.own(), [_path(field)]


def number_of(field: str, dialect: Dialect) -> tuple[str, list[object]]:
    """A field as an SQL number; NULL where it holds none.

    The version ``v`` and the process's ``pid`` describe the record, not the task: as a number,
    those names are the task's own.
    """
    if COLUMNS.get(field) in {"DOUBLE", "BIGINT", "INTEGER"} and field not in OF_THE_RECORD:
        return f"CAST({field} AS DOUBLE)", []
    return dialect.number(dialect.own()), [_path(field)]


def _path(field: str) -> str:
    parts = field.removeprefix("fields.").split(".")
    return "$" + "".join('."' + part.replace('"', "") + '"' for part in parts)
