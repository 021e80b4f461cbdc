"""The options by which the commands of ``gearmang logs`` choose records."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gearmang.cli.times import Moment
from gearmang.records.selection import Selection
from gearmang.terminal import clean

if TYPE_CHECKING:
    from gearmang.records.answers import Answering

STRICT = "gearmang.cli.logs.strict"
DEFAULT_RECORDS = "/var/log/gearmang/tasks"

Command = TypeVar("Command", bound=Callable[..., Any])


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
    """``--records PLACE``, repeatable: passed on as ``places``; and ``--strict``."""
    strict = click.option(
        "--strict",
        is_flag=True,
        expose_value=False,
        callback=lambda context, _option, value: context.meta.update({STRICT: value}),
        help="Exit with 1 if a file could not be read and was left out.",
    )
    return strict(_records(command))


def _records(command: Command) -> Command:
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
        since: float | None,
        until: float | None,
        type_: str | None,
        task: str | None,
        outcome: str | None,
        where: tuple[tuple[str, str], ...],
        **others: Any,
    ) -> Any:
        selection = Selection(
            places, moment_of(since), moment_of(until), type_, task, outcome, where
        )
        return command(selection=selection, **others)

    for decorate in (
        click.option("--where", type=_PairType(), multiple=True, help="Only where it holds."),
        click.option("--outcome", type=click.Choice(["success", "failure", "unknown"])),
        click.option("--task", help="Only this task."),
        click.option("--type", "type_", metavar="TYPE", help="A type, or its start: 'resize*'."),
        click.option("--until", type=Moment(), help="Only what started before."),
        click.option("--since", type=Moment(), help="Only what started then or later."),
        records_option,
    ):
        chosen = decorate(chosen)
    return chosen


def moment_of(at: float | None) -> datetime | None:
    """Seconds since the epoch as an aware datetime."""
    return None if at is None else datetime.fromtimestamp(at, timezone.utc)


@contextmanager
def asked(
    places: tuple[str, ...], since: datetime | None = None, *, of_id: str | None = None
) -> Iterator[Answering]:
    """The records of the places, to be asked; files that were left out are named at the end.

    Raises:
        RecordsError: nothing to read there.
    """
    from gearmang.records.clickhouse import SCHEME, ClickHouse, Door
    from gearmang.records.database import opened
    from gearmang.records.errors import RecordsError

    if any(place.startswith(SCHEME) for place in places):
        if len(places) > 1:
            raise RecordsError(f"a {SCHEME} address cannot be asked together with other places")
        yield ClickHouse(Door.parse(places[0]))
        return
    with opened(places, since, of_id=of_id) as database:
        yield database
        left_out = database.left_out
    for path, reason in left_out.items():
        click.echo(clean(f"{path} was left out: {reason}"), err=True)
    if left_out and click.get_current_context().meta.get(STRICT):
        click.get_current_context().exit(1)


def output_options(command: Command) -> Command:
    """``--json`` and ``--csv``: passed on as ``form``: ``table``, ``json`` or ``csv``."""
    as_json = click.option(
        "--json", "form", flag_value="json", help="Print one JSON document instead of text."
    )
    as_csv = click.option("--csv", "form", flag_value="csv", help="Print CSV instead of text.")
    plain = click.option("--table", "form", flag_value="table", default="table", hidden=True)
    return as_json(as_csv(plain(command)))
