"""``gearmang logs view``: records as they come in."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import click
import orjson

from gearmang.cli.logs.lines import described
from gearmang.cli.logs.options import selection_options
from gearmang.records.matching import matcher, started_at
from gearmang.records.selection import Selection
from gearmang.records.tail import Follower

INTERVAL = 0.2  # seconds between two looks at the files
OPEN_TREES = 10_000  # ids whose records wait for their root, with --group


@click.command()
@selection_options
@click.option("--from-start", is_flag=True, help="Begin with what the files hold already.")
@click.option("--no-follow", is_flag=True, help="Print what there is, and end.")
@click.option("--group", is_flag=True, help="Print each id as a tree, once its root has ended.")
@click.option("--json", "as_json", is_flag=True, help="Print the records' lines as they are.")
def view(
    selection: Selection, from_start: bool, no_follow: bool, group: bool, as_json: bool
) -> None:
    """Print records as they come in, from all files of a folder.

    Example: gearmang logs view --type 'resize*' --outcome failure
    """
    tail = Follower(selection.places, from_start=from_start or no_follow)
    chosen = matcher(selection)
    colour = sys.stdout.isatty()
    waiting: dict[str, list[dict[str, Any]]] = {}
    try:
        while True:
            printed = False
            for line, record in _records(tail):
                if not chosen(record):
                    continue
                printed = True
                if as_json:
                    sys.stdout.write(line.decode("utf-8", "replace") + "\n")
                elif group:
                    _gather(waiting, record, colour=colour)
                else:
                    sys.stdout.write(described(record, colour=colour) + "\n")
            if printed:
                sys.stdout.flush()
            if no_follow:
                break
            time.sleep(INTERVAL)
    except KeyboardInterrupt:
        pass
    finally:
        tail.close()
    for records in waiting.values():
        _print_tree(records, colour=colour)


def _records(tail: Follower) -> Iterator[tuple[bytes, dict[str, Any]]]:
    for line in tail.read():
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(record, dict):
            yield line, record


def _gather(
    waiting: dict[str, list[dict[str, Any]]], record: dict[str, Any], *, colour: bool
) -> None:
    """Keep a record until the root of its tree, which ends last, has come."""
    identity = str(record.get("id"))
    waiting.setdefault(identity, []).append(record)
    if record.get("parent") is None:
        _print_tree(waiting.pop(identity), colour=colour)
    elif len(waiting) > OPEN_TREES:
        _print_tree(waiting.pop(next(iter(waiting))), colour=colour)


def _print_tree(records: list[dict[str, Any]], *, colour: bool) -> None:
    from gearmang.records.tree import Node, forest

    def show(node: Node, depth: int) -> None:
        sys.stdout.write("  " * depth + described(node.record, colour=colour) + "\n")
        for child in node.children:
            show(child, depth + 1)

    for root in forest(sorted(records, key=started_at)):
        show(root, 0)
