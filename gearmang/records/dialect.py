"""What DuckDB and ClickHouse say differently; all else in our questions both understand."""

from __future__ import annotations

from typing import Protocol

SHARES = "0.5, 0.95, 0.99"  # of the quantiles that are told
WEEKS_START = 946_857_600  # seconds since the epoch: a Monday from which both count spans of time

_CALL = r'File "[^"]*", line [0-9]+, in [^\n]+'
_OTHERS = r'/site-packages/|/dist-packages/|/lib/python3|/gearmang/worker/|/log_shipping/|"<'
_PLACE = r'^File ".*?((?:[^/"]+/){0,2}[^/"]+)", line [0-9]+, in (.*)$'


class Dialect(Protocol):
    """The SQL of one engine, made of expressions in SQL.

    Attributes:
        name: of the engine.
        identity: equal for copies of one record, and short.
        frames: the user's own calls in ``error_stack`` where there are any, else all, as
            folder/file.py:function: no line numbers, which change with every edit of a file, and
            no whole paths, which differ from host to host.
    """

    name: str
    identity: str
    frames: str

    def own(self) -> str:
        """The text at the path under ``fields`` that is bound; NULL where there is none."""

    def number(self, text: str) -> str:
        """A text as a number; NULL where it is none."""

    def starts(self, text: str) -> str:
        """Whether it starts with what is bound."""

    def quantiles(self, number: str) -> str:
        """A list of the quantiles at `SHARES`."""

    def seconds(self, first: str, last: str) -> str:
        """The seconds from one time to another."""

    def span_start(self, seconds: int) -> str:
        """When the span of time began in which ``ts`` lies; each is so many seconds long."""


class _DuckDb:
    name = "DuckDB"
    # 16 bytes where the text has 32; ids of others' making that are no hex digits by their digest.
    identity = "coalesce(TRY_CAST(event_id AS UUID), TRY_CAST(md5(event_id) AS UUID))"
    _calls = f"regexp_extract_all(error_stack, '{_CALL}')"
    frames = f"""
        list_transform(
            coalesce(
                nullif(
                    list_filter({_calls}, lambda call: NOT regexp_matches(call, '{_OTHERS}')), []
                ),
                {_calls}
            ),
            lambda call: regexp_replace(call, '{_PLACE}', '\\1:\\2')
        )
    """

    def own(self) -> str:
        return "json_extract_string(fields, ?)"

    def number(self, text: str) -> str:
        return f"TRY_CAST({text} AS DOUBLE)"

    def starts(self, text: str) -> str:
        return f"starts_with({text}, ?)"

    def quantiles(self, number: str) -> str:
        return f"quantile_cont({number}, [{SHARES}])"

    def seconds(self, first: str, last: str) -> str:
        return f"epoch({last} - {first})"

    def span_start(self, seconds: int) -> str:
        return f"time_bucket(INTERVAL {seconds:d} SECOND, ts)"


class _ClickHouse:
    name = "ClickHouse"
    identity = "event_id"
    _literals = tuple(text.replace("\\", "\\\\") for text in (_CALL, _OTHERS, _PLACE))
    _calls = f"extractAll(coalesce(error_stack, ''), '{_literals[0]}')"
    _mine = f"arrayFilter(call -> NOT match(call, '{_literals[1]}'), {_calls})"
    frames = f"""
        arrayMap(
            call -> replaceRegexpOne(call, '{_literals[2]}', '\\\\1:\\\\2'),
            if(empty({_mine}), {_calls}, {_mine})
        )
    """

    def own(self) -> str:
        return "JSON_VALUE(fields, ?)"

    def number(self, text: str) -> str:
        return f"toFloat64OrNull({text})"

    def starts(self, text: str) -> str:
        return f"startsWith({text}, ?)"

    def quantiles(self, number: str) -> str:
        return f"quantilesExactInclusive({SHARES})({number})"

    def seconds(self, first: str, last: str) -> str:
        return f"dateDiff('microsecond', {first}, {last}) / 1e6"

    def span_start(self, seconds: int) -> str:
        start, length = WEEKS_START * 10**6, seconds * 10**6
        counted = f"intDiv(toUnixTimestamp64Micro(ts) - {start}, {length})"
        return f"fromUnixTimestamp64Micro({counted} * {length} + {start}, 'UTC')"


DUCKDB: Dialect = _DuckDb()
CLICKHOUSE: Dialect = _ClickHouse()
