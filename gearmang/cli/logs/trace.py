"""``gearmang logs trace``: what happened in one job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import orjson

from gearmang.cli.logs.lines import described
from gearmang.cli.logs.options import asked, moment_of, output_options, records_option
from gearmang.cli.logs.printing import plain, print_answer
from gearmang.cli.output import print_json
from gearmang.cli.times import Moment
from gearmang.records.errors import RecordsError

if TYPE_CHECKING:
    from rich.tree import Tree

    from gearmang.records.tree import Node

SHORTEST = 6  # characters of an id that are enough to name it


@click.command()
@click.argument("tree", metavar="ID")
@click.option("--since", type=Moment(), help="Only what started then or later.")
@records_option
@output_options
def trace(tree: str, since: float | None, places: tuple[str, ...], form: str) -> None:
    """All records of one job: its attempts, and what happened inside each.

    ID is the job's id, or its first digits.

    Example: gearmang logs trace 5f2b9c10
    """
    from gearmang.records.questions import trace as found

    if len(tree) < SHORTEST:
        raise click.UsageError(f"an ID has at least {SHORTEST} digits")
    start = moment_of(since)
    with asked(places, start, of_id=tree) as database:
        answer = found(database, tree, start)
    if not answer.rows:
        raise RecordsError(f"no record of {tree} in {', '.join(places)}")
    if form == "table":
        _print_trees(answer.as_dicts())
    elif form == "json":
        print_json([_whole(record) for record in answer.as_dicts()])
    else:
        print_answer(answer, form)


def _whole(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it was written: only the fields that it has, its own as an object."""
    found = {name: plain(value) for name, value in record.items() if value is not None}
    if "fields" in found:
        found["fields"] = orjson.loads(found["fields"])
    return found


def _print_trees(records: list[dict[str, object]]) -> None:
    from rich.tree import Tree

    from gearmang.cli.output import cell, console
    from gearmang.records.tree import forest

    by_id: dict[object, list[dict[str, object]]] = {}
    for record in records:
        by_id.setdefault(record["id"], []).append(record)
    for identity, group in by_id.items():
        shown = Tree(cell(identity, "bold"))
        for node in forest(group):
            _add(shown, node)
        console().print(shown)


def _add(shown: Tree, node: Node) -> None:
    from rich.text import Text

    branch = shown.add(Text(described(node.record)))
    for child in node.children:
        _add(branch, child)
