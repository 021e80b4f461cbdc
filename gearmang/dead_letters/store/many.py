"""Conditions on more ids than a statement may have parameters."""

from __future__ import annotations

from collections.abc import Iterable

import orjson
from sqlalchemy import BigInteger, ColumnElement, Connection, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY


def one_of(
    connection: Connection, column: ColumnElement[int], ids: Iterable[int]
) -> ColumnElement[bool]:
    """That the column is one of these, however many: they travel as one parameter."""
    if connection.dialect.name == "postgresql":
        return column == func.any(cast([*ids], ARRAY(BigInteger)))
    listed = func.json_each(literal(orjson.dumps([*ids]).decode())).table_valued("value")
    return column.in_(select(listed.c.value))
