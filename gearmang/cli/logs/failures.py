"""``gearmang logs failures``: failures grouped by their cause."""

from __future__ import annotations

import click

from gearmang.cli.logs.options import asked, output_options, selection_options
from gearmang.cli.logs.printing import print_answer
from gearmang.records.selection import Selection


@click.command()
@selection_options
@output_options
def failures(selection: Selection, form: str) -> None:
    """Failures by fingerprint: task, error type, and the calls that led there.

    Example: gearmang logs failures --since 1d
    """
    from gearmang.records.questions import failures as found

    with asked(selection.places, selection.since) as database:
        print_answer(found(database, selection), form)
