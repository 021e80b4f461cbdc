"""``gearmang logs ingest``: lines of other programs as records."""

from __future__ import annotations

import os
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

import click

from gearmang.cli.logs.options import DEFAULT_RECORDS
from gearmang.records.errors import RecordsError


@click.command()
@click.argument("source", type=click.File("rb"), default="-")
@click.option(
    "--into",
    "folder",
    metavar="DIR",
    envvar="GEARMANG_RECORDS",
    default=DEFAULT_RECORDS,
    show_default=f"$GEARMANG_RECORDS, else {DEFAULT_RECORDS}",
    help="The folder of the records.",
)
@click.option("--type", "kind", default="line", show_default=True, help="Their type.")
def ingest(source: BinaryIO, folder: str, kind: str) -> None:
    """Turn lines of other programs, JSON or plain, into records.

    The same file ingested twice counts once.

    Example: journalctl -u app -o cat -f | gearmang logs ingest --type app
    """
    from gearmang.records.ingesting import records_of

    count = 0
    # Standard input is never the same twice; a file is, by its name.
    name = getattr(source, "name", "<stdin>")
    name = f"stdin-{uuid.uuid4()}" if name == "<stdin>" else str(name)
    path = Path(folder) / f"ingested-{datetime.now(timezone.utc):%Y%m%d%H}.jsonl"
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            for line in records_of(source, kind=kind, source=name):
                if os.write(descriptor, line) != len(line):
                    raise RecordsError(f"{path} took only a part of a line: the disk is full")
                count += 1
        finally:
            os.close(descriptor)
    except OSError as error:
        raise RecordsError(f"cannot write {path}: {error.strerror}; name another --into") from None
    click.echo(f"{count} records in {path}")
