"""ClickHouse over its HTTP interface: the same questions, answered where the records lie.

The table and views are those of packaging/clickhouse/records.sql. The standard library speaks all
that is needed here: https://clickhouse.com/docs/interfaces/http.
"""

from __future__ import annotations

import http.client
import os
import re
import ssl
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import orjson

from gearmang.records.answers import Rows
from gearmang.records.dialect import CLICKHOUSE
from gearmang.records.errors import RecordsError

SCHEME = "clickhouse://"
PASSWORD_VARIABLE = "GEARMANG_CLICKHOUSE_PASSWORD"  # noqa: S105  # the name of the variable
PORT, TLS_PORT = 8123, 8443
LONGEST_WAIT = 120.0  # seconds that a question may take
SETTINGS = {
    "cast_keep_nullable": "1",  # what is NULL stays NULL, as everywhere in SQL
    "prefer_column_name_to_alias": "1",
    "function_json_value_return_type_allow_nullable": "1",
    "function_json_value_return_type_allow_complex": "1",
    "output_format_json_quote_64bit_integers": "0",
    "output_format_json_quote_denormals": "1",  # NaN is no JSON
    "default_format": "JSONCompact",
}
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})
_MARK_OR_TEXT = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"[^\"]*\"|\?", re.DOTALL)


class Door(NamedTuple):
    """Where a ClickHouse answers, read of ``clickhouse://USER@HOST:PORT/DATABASE?secure=1``."""

    host: str
    port: int
    user: str
    password: str
    database: str
    secure: bool

    @classmethod
    def parse(cls, place: str) -> Door:
        """Read it; the password may stand in the environment instead.

        Raises:
            RecordsError: it is no such address.
        """
        try:
            parts = urlsplit(place)
            secure = parse_qs(parts.query).get("secure", ["0"])[0] not in {"0", "false", ""}
            port = parts.port or (TLS_PORT if secure else PORT)
        except ValueError as error:
            raise RecordsError(f"this clickhouse:// address cannot be read: {error}") from None
        if not parts.hostname:
            raise RecordsError("name the host: clickhouse://USER@HOST/DATABASE")
        return cls(
            parts.hostname,
            port,
            unquote(parts.username or "default"),
            unquote(parts.password or os.environ.get(PASSWORD_VARIABLE, "")),
            unquote(parts.path.strip("/")) or "default",
            secure,
        )

    def __str__(self) -> str:
        """Without the password."""
        return f"{SCHEME}{self.user}@{self.host}:{self.port}/{self.database}"


class ClickHouse:
    """The table ``lines`` and the views ``records`` and ``tasks`` of a ClickHouse database.

    Args:
        address: where it is.
        timeout: the most that one question may take, in seconds.
    """

    dialect = CLICKHOUSE

    def __init__(self, address: Door, timeout: float = LONGEST_WAIT) -> None:
        self.left_out: dict[str, str] = {}  # a table has no files that cannot be read
        self._address = address
        self._timeout = timeout

    def ask(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        """Run one query, its question marks bound to the parameters.

        Raises:
            RecordsError: it does not answer in time, or refuses.
        """
        bound, values = _bound(sql, parameters)
        at = self._address
        options = {**SETTINGS, **values, "database": at.database}
        options["max_execution_time"] = f"{self._timeout:.0f}"
        connection = (
            http.client.HTTPSConnection(
                at.host, at.port, timeout=self._timeout, context=ssl.create_default_context()
            )
            if at.secure
            else http.client.HTTPConnection(at.host, at.port, timeout=self._timeout)
        )
        headers = {"X-ClickHouse-User": at.user, "X-ClickHouse-Key": at.password}
        try:
            connection.request("POST", f"/?{urlencode(options)}", bound.encode(), headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise RecordsError(
                f"{at} does not answer ({error or type(error).__name__}); is ClickHouse running"
                " there, and its HTTP port open?"
            ) from None
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise RecordsError(f"{at}: {_first_line(body)}")
        return _rows(body, at)


def _bound(sql: str, parameters: Sequence[object]) -> tuple[str, dict[str, str]]:
    """The query with named parameters, as ClickHouse has them, and their values."""
    values: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        if found[0] != "?":
            return found[0]
        name = f"p{len(values)}"
        value = parameters[len(values)]
        if isinstance(value, datetime):
            values[f"param_{name}"] = f"{value:%Y-%m-%d %H:%M:%S.%f}"
            return f"{{{name}:DateTime64(6, 'UTC')}}"
        values[f"param_{name}"] = str(value).translate(_ESCAPES)
        return f"{{{name}:String}}"

    return _MARK_OR_TEXT.sub(named, sql), values


def _rows(body: bytes, at: Door) -> Rows:
    try:
        answer = orjson.loads(body)
        columns = tuple(column["name"] for column in answer["meta"])
        types = [column["type"] for column in answer["meta"]]
        rows = [
            tuple(_value(one, kind) for one, kind in zip(row, types, strict=True))
            for row in answer["data"]
        ]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        # An error that comes after the first rows stands in the middle of the answer.
        raise RecordsError(f"{at} broke its answer off: {_first_line(body[-400:])}") from None
    return Rows(columns, rows)


def _value(value: Any, kind: str) -> Any:
    """A value as DuckDB gives it: times without a zone in UTC, numbers as numbers."""
    if value is None:
        return None
    if "DateTime" in kind:
        return datetime.fromisoformat(value)
    if "Array" in kind and "Float" in kind:
        return [float(one) for one in value]
    return float(value) if "Float" in kind and isinstance(value, str) else value


def _first_line(body: bytes) -> str:
    return " ".join(body.decode("utf-8", "backslashreplace").split())[:400] or "no reason told"
