"""``gearmang logs archive``: old records, packed by day."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Literal

import click

from gearmang.cli.logs.options import records_option
from gearmang.cli.output import console, print_json
from gearmang.cli.times import Span


@click.command()
@records_option
@click.option("--to", "target", required=True, metavar="DIR|URL", help="Where the archive is.")
@click.option("--format", "form", type=click.Choice(["zstd", "parquet"]), default="zstd")
@click.option(
    "--older-than",
    "age_s",
    type=Span(least=1),
    default=7 * 86400,
    show_default="7d",
    help="Whole days that ended so long ago.",
)
@click.option("--prune", is_flag=True, help="Remove the originals once the copy is verified.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def archive(
    places: tuple[str, ...],
    target: str,
    form: Literal["zstd", "parquet"],
    age_s: float,
    prune: bool,
    as_json: bool,
) -> None:
    """Pack records by day into one file each, with its SHA-256 beside it.

    The copy is read back and compared. The originals stay unless --prune is given. A target like
    s3://bucket/path needs the package that fsspec names for it (s3fs).

    Example: gearmang logs archive --to /srv/archive --older-than 7d --prune
    """
    from rich.progress import track

    from gearmang.records.archive import days_before, pack, remove

    first_kept = (datetime.now(timezone.utc) - timedelta(seconds=age_s)).date()
    days = days_before(places, first_kept)
    done = []
    shown = console()
    for day, sources in track(
        days.items(), "archiving", total=len(days), console=shown, disable=not shown.is_terminal
    ):
        packed = pack(day, sources, target, form)
        if prune:
            remove(sources)
        done.append(packed)
        if not as_json:
            click.echo(f"{packed.day}  {packed.packed} records  {packed.target}")
    if as_json:
        print_json([{**packed._asdict(), "day": packed.day.isoformat()} for packed in done])
    elif not done:
        click.echo("nothing is old enough")
