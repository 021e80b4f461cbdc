"""``gearmang logs``: read task records back. Each subcommand is a module, imported when called."""

from __future__ import annotations

import click

from gearmang.cli.late import LateGroup

_COMMANDS = {
    name: (f"gearmang.cli.logs.{module}", module, meaning)
    for name, module, meaning in (
        ("archive", "archive", "Pack old records, verify the copy, then remove the originals."),
        ("failures", "failures", "Failures grouped by what they have in common."),
        ("ingest", "ingest", "Turn lines of other programs into records."),
        ("plot", "plot", "Durations and failures over time, as an HTML page."),
        ("ship-check", "ship_check", "Which records have not reached the centre; send them again."),
        ("slow", "slow", "The slowest tasks."),
        ("sql", "sql", "Ask any question in SQL."),
        ("stats", "stats", "Count, rate, failures and quantiles by task or any field."),
        ("top", "top", "Who uses the time."),
        ("trace", "trace", "All records of one job, as a tree with durations."),
        ("view", "view", "Print records as they come in."),
    )
}


@click.command(cls=LateGroup, late=_COMMANDS)
def logs() -> None:
    """Read task records back.

    Example: gearmang logs stats --records /var/log/gearmang/tasks --since 1h
    """
