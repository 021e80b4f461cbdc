"""``gearmang logs sql``: any question."""

from __future__ import annotations

import click

from gearmang.cli.logs.options import asked, output_options, records_option
from gearmang.cli.logs.printing import print_answer


@click.command()
@click.argument("query")
@records_option
@output_options
def sql(query: str, places: tuple[str, ...], form: str) -> None:
    """Ask any question in DuckDB's SQL.

    The views: tasks (one row for each attempt), records (with the records below tasks) and lines
    (as they came, twice where they were shipped twice). What tasks recorded is JSON in the column
    fields: fields->>'$.image.bytes'.

    Example: gearmang logs sql "SELECT host, count(*) FROM tasks GROUP BY host"
    """

    with asked(places) as database:
        print_answer(database.ask(query), form)
