"""How commands print: JSON for programs, tables for people, nothing that a terminal would obey."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gearmang.terminal import clean

WIDTH_OF_A_PIPE = 500  # columns


def print_json(document: Any) -> None:
    """Print one JSON document; text that is no UTF-8 is written as ``\\xNN``."""
    try:
        data = orjson.dumps(document, option=orjson.OPT_INDENT_2, default=str)
    except TypeError:  # orjson refuses lone surrogates and integers over 64 bits
        import json

        from gearmang.terminal import clean_lines

        data = clean_lines(json.dumps(document, indent=2, default=str)).encode()
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.flush()


def console() -> Console:
    """A console that colours only on a terminal, and never reads markup in what it prints."""
    return Console(
        markup=False,
        highlight=False,
        emoji=False,
        # A program that reads our tables wants a row on one line, however long.
        width=None if sys.stdout.isatty() else WIDTH_OF_A_PIPE,
    )


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table; the columns named in ``right`` hold numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def cell(value: object, style: str = "") -> Text:
    """A table's cell, cleaned of what a terminal would obey."""
    return Text("-" if value is None else clean(str(value)), style=style)
