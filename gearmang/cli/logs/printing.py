"""Rows of an answer, as a table, as JSON or as CSV."""

from __future__ import annotations

import csv
import sys
from datetime import datetime, timezone
from typing import Any

from gearmang.cli.output import cell, console, print_json, table
from gearmang.masking import masked_text
from gearmang.records.answers import Rows
from gearmang.terminal import clean


def print_answer(answer: Rows, form: str) -> None:
    """Print all rows in the form ``table``, ``json`` (an array) or ``csv``."""
    if form == "json":
        print_json(
            [{name: plain(value) for name, value in row.items()} for row in answer.as_dicts()]
        )
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        on_screen = sys.stdout.isatty()
        for row in answer.rows:
            texts = ["" if value is None else str(plain(value)) for value in row]
            writer.writerow([clean(text) for text in texts] if on_screen else texts)
    else:
        numbers = tuple(
            name
            for place, name in enumerate(answer.columns)
            if any(isinstance(row[place], int | float) for row in answer.rows)
        )
        printed = table(*(clean(name) for name in answer.columns), right=numbers)
        for row in answer.rows:
            printed.add_row(*(cell(_shown(value)) for value in row))
        console().print(printed)


def plain(value: Any) -> Any:
    """A value of DuckDB as JSON has it: times in UTC with Z."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    return value


def shown_time(at: datetime) -> str:
    """A time for people: in the terminal's zone with its offset, to the millisecond."""
    local = (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).astimezone()
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d} {local:%z}"


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return shown_time(value)
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return masked_text(value) if isinstance(value, str) else value
