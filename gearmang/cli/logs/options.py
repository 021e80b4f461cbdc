"""The options by which the commands of ``gearmang logs`` choose records."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import click

from gearmang.records.selection import Selection

DEFAULT_RECORDS = "/var/log/gearmang/tasks"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

Command = TypeVar("Command", bound=Callable[..., Any])


def seconds(text: str) -> int:
    """``90s``, ``5m``, ``2h``, ``7d``, ``1w`` in seconds.

    Raises:
        ValueError: it is none of these.
    """
    match = re.fullmatch(r"(\d{1,9})([smhdw])", text)
    if match is None:
        raise ValueError(f"{text!r} is no span of time: use 90s, 5m, 2h, 7d or 1w")
    return int(match[1]) * _UNITS[match[2]]


class SpanType(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A span of time, passed on in seconds."""

    name = "SPAN"

    def __init__(self, least: int = 1) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            span = value if isinstance(value, int) else seconds(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if span < self._least:
            self.fail(f"{value!r} is too short", param, ctx)
        return span


class MomentType(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A time, passed on as an aware datetime."""

    name = "WHEN"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.now(timezone.utc) - timedelta(seconds=seconds(value))
        except (ValueError, OverflowError):
            pass
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is no time: use 2026-11-24, 2026-11-24T10:00 (UTC) or a span such"
                " as 2h, which is so long ago",
                param,
                ctx,
            )
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


class _PairType(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    name = "FIELD=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        field, equals, wanted = value.partition("=")
        if not equals or not field:
            self.fail(f"{value!r} is not FIELD=VALUE", param, ctx)
        return field, wanted


def records_option(command: Command) -> Command:
    """``--records PLACE``, repeatable: passed on as ``places``."""
    return click.option(
        "--records",
        "places",
        metavar="PLACE",
        multiple=True,
        envvar="GEARMANG_RECORDS",
        default=(DEFAULT_RECORDS,),
        show_default=f"$GEARMANG_RECORDS, else {DEFAULT_RECORDS}",
        help="A folder, file or glob of records; may be given several times.",
    )(command)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose records: passed on as ``selection``, a `Selection`."""

    @functools.wraps(command)
    def chosen(
        *,
        places: tuple[str, ...],
        since: datetime | None,
        until: datetime | None,
        type_: str | None,
        task: str | None,
        outcome: str | None,
        where: tuple[tuple[str, str], ...],
        **others: Any,
    ) -> Any:
        selection = Selection(places, since, until, type_, task, outcome, where)
        return command(selection=selection, **others)

    for decorate in (
        click.option("--where", type=_PairType(), multiple=True, help="Only where it holds."),
        click.option("--outcome", type=click.Choice(["success", "failure", "unknown"])),
        click.option("--task", help="Only this task."),
        click.option("--type", "type_", metavar="TYPE", help="A type, or its start: 'resize*'."),
        click.option("--until", type=MomentType(), help="Only what started before."),
        click.option("--since", type=MomentType(), help="Only what started then or later."),
        records_option,
    ):
        chosen = decorate(chosen)
    return chosen


def output_options(command: Command) -> Command:
    """``--json`` and ``--csv``: passed on as ``form``: ``table``, ``json`` or ``csv``."""
    as_json = click.option(
        "--json", "form", flag_value="json", help="Print one JSON document instead of text."
    )
    as_csv = click.option("--csv", "form", flag_value="csv", help="Print CSV instead of text.")
    plain = click.option("--table", "form", flag_value="table", default="table", hidden=True)
    return as_json(as_csv(plain(command)))
