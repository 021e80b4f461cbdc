"""``gearmang dead stats``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gearmang.cli.dead.choice import filter_options
from gearmang.cli.options import json_option, store_option
from gearmang.durations import iso, told

if TYPE_CHECKING:
    from gearmang.dead_letters.looking.filters import Filter

_MOST_ROWS = 20  # functions, errors


@click.command()
@filter_options
@store_option
@json_option
def stats(chosen: Filter, store: str, as_json: bool) -> None:
    """The store in figures: letters by state, function and error, and how many arrived.

    Example: gearmang dead stats --function 'resize*'
    """
    from gearmang.dead_letters.looking.stats import stats as count
    from gearmang.dead_letters.store.seam import Store

    with Store(store) as opened, opened.reading() as connection:
        found = count(connection, chosen)
    if as_json:
        from gearmang.cli.output import print_json

        print_json(found | {"oldest": iso(found["oldest"]), "newest": iso(found["newest"])})
        return
    _print("state", {state: count for state, count in found["by_state"].items() if count})
    _print("arrived in the last", found["arrived"])
    _print("function", found["by_function"])
    _print("error", found["by_error"])
    if found["oldest"] is not None:
        click.echo(f"oldest {told(found['oldest'])}, newest {told(found['newest'])}")
    click.echo(_space(found["space"]))


def _space(found: dict[str, Any]) -> str:
    from gearmang.cli.dead.wording import size

    text = f"on disk {size(found['total'])}"
    if found["free"]:
        text += f", {size(found['free'])} of it free"
    if not found["gives_back"]:
        text += "; this file keeps what is freed: `gearmang dead compact` changes that"
    return text


def _print(title: str, counts: dict[str, int]) -> None:
    from gearmang.cli.output import cell, console, table

    if not counts:
        return
    shown = table(title.upper(), "LETTERS", right=("LETTERS",))
    for name, count in [*counts.items()][:_MOST_ROWS]:
        shown.add_row(cell(name), cell(count))
    rest = sum([*counts.values()][_MOST_ROWS:])
    if rest:
        shown.add_row(cell("others"), cell(rest))
    console().print(shown)
    click.echo()
