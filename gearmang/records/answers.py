"""What answers questions about records, whichever engine it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from gearmang.records.dialect import Dialect


class Rows(NamedTuple):
    """The rows that a query gave."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]  # of values of any type that SQL has

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows with the columns' names."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Answering(Protocol):
    """An engine with the tables ``lines``, ``records`` and ``tasks``.

    Attributes:
        dialect: its SQL.
        left_out: files that could not be read, and why; no answer has their records.
    """

    dialect: Dialect
    left_out: dict[str, str]

    def ask(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        """Run one query, its question marks bound to the parameters.

        Raises:
            RecordsError: it cannot be answered.
        """
