"""``gearmang logs ship-check``: has everything reached the centre?"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gearmang.cli.logs.options import moment_of
from gearmang.cli.logs.printing import print_answer
from gearmang.cli.output import print_json
from gearmang.cli.times import Moment, Span
from gearmang.terminal import clean

if TYPE_CHECKING:
    from gearmang.records.shipping import Reshipped

MOST_NAMED = 20  # missing records that are printed one by one


@click.command()
@click.option("--local", multiple=True, required=True, metavar="PLACE", help="Where written.")
@click.option("--central", multiple=True, required=True, metavar="PLACE", help="Where shipped to.")
@click.option("--since", type=Moment(), help="Only what started then or later.")
@click.option(
    "--grace",
    "grace_s",
    type=Span(),
    default=60,
    show_default="1m",
    help="May be on its way.",
)
@click.option("--reship", "reships", is_flag=True, help="Send the missing again.")
@click.option("--into", metavar="DIR", help="Where to write them; default: the first --local.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def ship_check(
    local: tuple[str, ...],
    central: tuple[str, ...],
    since: float | None,
    grace_s: float,
    reships: bool,
    into: str | None,
    as_json: bool,
) -> None:
    """Which records have not reached the centre, and how late the newest is.

    With --reship the missing are written to a new file among the local ones, from where the
    shipper sends them, each once until the centre has newer ones. A record that arrives twice
    counts once everywhere. The exit code is 1 when records are missing and were not sent again.

    Example: gearmang logs ship-check --local /var/log/gearmang/tasks --central /srv/central
    """
    from gearmang.records.shipping import reship
    from gearmang.records.shipping import ship_check as checked

    now = datetime.now(timezone.utc)
    found = checked(local, central, before=now - timedelta(seconds=grace_s), since=moment_of(since))
    missing = [str(row[0]) for row in found.missing.rows]
    again = None
    if reships and missing:
        again = reship(local, Path(into or local[0]), missing, now, found.newest_at_centre)
    if as_json:
        print_json(
            {
                "written": found.written,
                "arrived": found.arrived,
                "twice": found.twice,
                "missing": missing,
                "reshipped_in": str(again.path) if again and again.path else None,
                "under_way": again.under_way if again else 0,
                "too_long": list(again.too_long) if again else [],
                "lag": found.lag.as_dicts(),
            }
        )
    else:
        click.echo(
            f"{found.written} written, {found.arrived} arrived ({found.twice} of them more than"
            f" once), {len(missing)} missing"
        )
        print_answer(found.lag, "table")
        for identity in missing[:MOST_NAMED]:
            click.echo(f"missing: {identity}")
        if len(missing) > MOST_NAMED:
            click.echo(f"and {len(missing) - MOST_NAMED} more; --json names them all")
        if again:
            _tell(again)
    if missing and (again is None or again.too_long):
        sys.exit(1)


def _tell(again: Reshipped) -> None:
    if again.path:
        click.echo(clean(f"{again.sent} written again to {again.path}"))
    if again.under_way:
        click.echo(f"{again.under_way} were sent again before and are under way")
    for identity in again.too_long:
        click.echo(clean(f"too long for any shipper: {identity}; copy it by hand"))
