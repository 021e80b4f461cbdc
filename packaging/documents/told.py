"""What the commands and the checks say of themselves."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from gearmang.cli import gearmang

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "packaging" / "nagios" / "plugins"
WIDTH = 90  # columns of the help as it is printed


class Told(NamedTuple):
    """One command.

    Attributes:
        name: as it is typed, such as ``gearmang dead list``.
        summary: its first sentence.
        story: the paragraphs after it.
        options: what is typed, and what it does.
        help: all of it, as ``--help`` prints it.
    """

    name: str
    summary: str
    usage: str
    story: str
    options: list[tuple[str, str]]
    help: str


def commands() -> Iterator[Told]:
    """``gearmang`` and each of its commands, in the order in which they are listed."""
    yield from _walk(gearmang, "gearmang", None)


def checks() -> Iterator[Told]:
    """Each ``check_gearmang_*``."""
    for plugin in sorted(PLUGINS.glob("check_gearmang_*")):
        done = subprocess.run(
            [sys.executable, plugin, "--help"], capture_output=True, text=True, timeout=60
        )
        usage, _, rest = done.stdout.partition("\n\n")
        summary, _, story = rest.strip().partition("\n\n")
        usage = " ".join(usage.split()).removeprefix("usage: ").removeprefix("Usage: ")
        yield Told(plugin.name, plain(summary), usage, story, [], done.stdout)


def _walk(command: click.Command, name: str, parent: click.Context | None) -> Iterator[Told]:
    context = click.Context(
        command, parent=parent, info_name=name.split()[-1], max_content_width=WIDTH
    )
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    summary, _, story = text.partition("\n\n")
    usage = command.get_usage(context).removeprefix("Usage: ")
    options = [
        record
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context))
    ]
    summary, usage = " ".join(summary.split()), " ".join(usage.split())
    epilog = f"\n\n{command.epilog}" if command.epilog else ""
    yield Told(name, summary, usage, story + epilog, options, command.get_help(context))
    if isinstance(command, click.Group):
        for inside in command.list_commands(context):
            found = command.get_command(context, inside)
            if found is not None and not found.hidden:
                yield from _walk(found, f"{name} {inside}", context)


def plain(text: str) -> str:
    """A text without its line breaks and the blanks at their beginnings."""
    return re.sub(r"\s+", " ", text).strip()
